import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadPageFiles, NO_PAGE } from '../../../src/admin/page-files.ts'

function folder(files: Record<string, string>): URL {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-page-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return pathToFileURL(`${path}/`)
}

describe('loadPageFiles', () => {
  test('reads the files of the page and leaves others', async () => {
    const files = await loadPageFiles(
      folder({ 'index.html': '<p>', 'page.js': '1', 'page.ts': '1', 'notes.txt': '' }),
    )
    expect([...files.keys()].sort()).toEqual(['index.html', 'page.js'])
    expect(files.get('page.js')).toMatchObject({
      mediaType: 'text/javascript; charset=utf-8',
      body: Buffer.from('1'),
    })
  })

  test('gives a page that points to the API where there is none', async () => {
    expect(await loadPageFiles(folder({ 'page.js': '1' }))).toBe(NO_PAGE)
    expect(await loadPageFiles(new URL('file:///nosuch/folder/'))).toBe(NO_PAGE)
  })

  test('tells of a folder that cannot be read', async () => {
    const file = new URL('page.js/', folder({ 'page.js': '1' }))
    await expect(loadPageFiles(file)).rejects.toThrow('ENOTDIR')
  })
})
