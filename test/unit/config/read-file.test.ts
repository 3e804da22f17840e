import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readTextFile, textFileReader, whyUnreadable } from '../../../src/config/read-file.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'mapgate-read-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

function pipe(): string {
  const path = join(folder(), 'pipe')
  execFileSync('mkfifo', [path])
  return path
}

const whyNot = (path: string) => readTextFile(path).then(() => 'read', whyUnreadable)

describe('readTextFile', () => {
  test('reads a file, and one behind a link', async () => {
    const path = join(folder(), 'file')
    writeFileSync(path, 'é\n')
    symlinkSync(path, `${path}.link`)
    expect([await readTextFile(path), await readTextFile(`${path}.link`)]).toEqual(['é\n', 'é\n'])
  })

  test('leaves out the byte order mark, which editors on Windows write', async () => {
    const path = join(folder(), 'file')
    writeFileSync(path, '\uFEFFa token')
    expect(await readTextFile(path)).toBe('a token')
  })

  test('reads from a pipe what its writer sends in pieces', async () => {
    const path = pipe()
    const writer = await open(path, 'r+')
    await writer.write('first ')
    const reading = readTextFile(path)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await writer.write('second')
    await writer.close()
    expect(await reading).toBe('first second')
  })

  test('a pipe that nobody writes to is empty, at once', async () => {
    expect(await readTextFile(pipe())).toBe('')
  })

  test('a pipe whose writer is silent is given up after the time of a load', async () => {
    const path = pipe()
    const writer = await open(path, 'r+')
    onTestFinished(() => writer.close())
    const read = textFileReader(50)
    await expect(read(path)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    // The files of one load have that time together.
    await expect(read('/etc/passwd')).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  })

  test('no more is read of a device without end than a file may have', async () => {
    expect(await whyNot('/dev/zero')).toBe('it is longer than 12 MiB')
  })

  test('a file that is too large is not read', async () => {
    const path = join(folder(), 'large')
    writeFileSync(path, '')
    truncateSync(path, 10 * 1024 ** 3)
    expect(await whyNot(path)).toBe('it is longer than 12 MiB')
  })

  test('a folder, a socket, a link to itself and nothing are each told in words', async () => {
    const inside = folder()
    mkdirSync(join(inside, 'folder'))
    symlinkSync('circle', join(inside, 'circle'))
    const server = createServer().listen(join(inside, 'socket'))
    onTestFinished(() => void server.close())
    expect(
      await Promise.all(['folder', 'socket', 'circle', 'none'].map((name) => whyNot(join(inside, name)))),
    ).toEqual([
      'it is a folder',
      'it is a socket or a device that is not there',
      'its links lead in a circle',
      'there is no such file',
    ])
  })
})
