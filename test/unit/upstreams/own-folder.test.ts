import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolderSync, ownFolder, whileDiskAnswers } from '../../../src/upstreams/own-folder.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-folder-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const mode = (path: string) => statSync(path).mode & 0o777

test('a folder is made with its parents, for its owner alone', async () => {
  const path = folder()
  await ownFolder(join(path, 'a', 'b', 'c'))
  expect([mode(join(path, 'a')), mode(join(path, 'a', 'b', 'c'))]).toEqual([0o700, 0o700])
  mkdirSync(join(path, 'open'), { mode: 0o777 })
  await ownFolder(join(path, 'open'))
  expect(mode(join(path, 'open'))).toBe(0o700)
})

for (const path of ['/proc/mapgate', '/proc/mapgate/deep/er', '/proc'])
  test(`${path} is refused at once`, async () => {
    await expect(ownFolder(path)).rejects.toThrow(
      /takes no folders|it is on proc; take a folder on a local disk/,
    )
  })

test('made at once, it has its parents, too, and below /proc it is refused', () => {
  const path = folder()
  for (let n = 0; n < 2; n++) makeFolderSync(join(path, 'a', 'b'))
  expect([mode(join(path, 'a')), mode(join(path, 'a', 'b'))]).toEqual([0o700, 0o700])
  expect(() => makeFolderSync('/proc/mapgate/deep/er')).toThrow('takes no folders (ENOENT)')
})

test('a disk that does not answer is refused in time, in words', async () => {
  const never = new Promise<never>(() => {})
  await expect(whileDiskAnswers(never, 20)).rejects.toThrow(
    'its disk does not answer within 0.02 s; is a network mount dead?',
  )
})
