/** What the path of a cache file may lead to instead. */
import { execFileSync } from 'node:child_process'
import { lstatSync, rmSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { setUp } from './cache-file-set-up.ts'

const others = [
  ['a pipe that nobody writes to', (path: string) => execFileSync('mkfifo', [path])],
  ['a device without end', (path: string) => symlinkSync('/dev/zero', path)],
] as const
for (const [name, make] of others) {
  test(`${name} in the place of the file is reported, left alone, and holds nothing up`, async () => {
    const { path, start } = setUp()
    make(path)
    const before = lstatSync(path)
    const { file, tables, warnings } = start()
    expect(await file.load(tables)).toStrictEqual({ loaded: 0, dropped: new Map(), expired: 0 })
    expect(await file.save(tables)).toBeUndefined()
    const told = `the cache file ${path} is not a file, and was left alone; no answer is kept over a restart`
    expect(warnings).toEqual([told, told])
    expect(lstatSync(path).ino).toBe(before.ino)
  })
}

test('a folder that is not there is reported at the start', async () => {
  const { directory, path, start } = setUp()
  const { file, tables, warnings } = start()
  rmSync(directory, { recursive: true })
  await file.load(tables)
  expect(warnings).toEqual([
    `the cache file ${path} cannot be written (ENOENT); see to its directory and disk space`,
  ])
})
