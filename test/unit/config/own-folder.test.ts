/**
 * What is said of a folder that files of the program are to be kept in, before it is opened.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { whyNoOwnFolder } from '../../../src/config/own-folder.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-folder-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const user = (id: number) => ({
  id,
  shown: `user ${id}`,
  runsAs: `this is user ${id}`,
  mayWriteIn: async () => true,
})

test('a folder of this user, and one that can be made, are fine, and none is made', async () => {
  const path = folder()
  mkdirSync(join(path, 'own'))
  expect(await whyNoOwnFolder(join(path, 'own'))).toBeUndefined()
  expect(await whyNoOwnFolder(join(path, 'new', 'deep'))).toBeUndefined()
  expect(readdirSync(path)).toEqual(['own'])
})

test('a file is told, in its place and above it', async () => {
  const path = join(folder(), 'file')
  writeFileSync(path, '')
  expect(await whyNoOwnFolder(path)).toBe('is no folder; choose another path')
  expect(await whyNoOwnFolder(join(path, 'a', 'b'))).toBe('a part of its path is a file; choose another path')
})

test('the folder of another user is told; the superuser may use it', async () => {
  const path = folder()
  const own = process.getuid?.() ?? 0
  expect(await whyNoOwnFolder(path, user(own + 4321))).toBe(
    `belongs to user ${own}, and this is user ${own + 4321}; give the folder to the user that mapgate runs as (chown), and check as that user`,
  )
  expect(await whyNoOwnFolder(path, user(0))).toBeUndefined()
})

test('what is not a disk of this machine is told, there and in what would be made below', async () => {
  for (const path of ['/proc', '/proc/mapgate/deep/er'])
    expect(await whyNoOwnFolder(path)).toBe('it is on proc; take a folder on a local disk')
})

test('nothing is said of folders that systemd makes when it starts the service', async () => {
  for (const path of ['/var/lib/mapgate/store', '/run/mapgate/replica/a'])
    expect(await whyNoOwnFolder(path, user(4321))).toBeUndefined()
})

test('a disk that does not answer is not waited for', async () => {
  const never = () => new Promise<never>(() => {})
  expect(await whyNoOwnFolder('/mnt/dead', user(0), never, 20)).toBe(
    'its disk does not answer within 0.02 s; is a network mount dead?',
  )
})
