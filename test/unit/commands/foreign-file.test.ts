/** Whose a default file is. Another owner needs root. */
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findConfigFile } from '../../../src/commands/config-file.ts'
import { whyForeign } from '../../../src/commands/foreign-file.ts'
import { collectingIo } from './collecting-io.ts'

const SOMEBODY = 4711
const isRoot = process.geteuid?.() === 0

function place(): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-foreign-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'mapgate.yaml')
  writeFileSync(file, '')
  chmodSync(file, 0o644)
  return { folder, file }
}

describe('whyForeign', () => {
  test('takes a file of the user in a folder of the user', async () => {
    expect(await whyForeign(place().file)).toBeUndefined()
  })

  test('refuses what everybody can write', async () => {
    const { folder, file } = place()
    chmodSync(file, 0o646)
    expect(await whyForeign(file)).toBe('it can be written by everybody')
    chmodSync(file, 0o644)
    chmodSync(folder, 0o1777)
    expect(await whyForeign(file)).toBe('its folder can be written by everybody')
  })

  test('looks at the folder behind a link', async () => {
    const { folder } = place()
    const open = join(folder, 'open')
    mkdirSync(open)
    writeFileSync(join(open, 'target'), '')
    chmodSync(join(open, 'target'), 0o644)
    chmodSync(open, 0o777)
    symlinkSync('open/target', join(folder, 'link'))
    expect(await whyForeign(join(folder, 'link'))).toBe(
      'the folder behind its link can be written by everybody',
    )
  })

  test('looks at the folders above, up to the root, as sshd does', async () => {
    const { folder } = place()
    const inner = join(folder, 'a', 'b')
    mkdirSync(inner, { recursive: true })
    const file = join(inner, 'mapgate.yaml')
    writeFileSync(file, '')
    chmodSync(file, 0o644)
    expect(await whyForeign(file)).toBeUndefined()
    chmodSync(folder, 0o777)
    expect(await whyForeign(file)).toBe(`${folder}, above its folder, can be written by everybody`)
    // As /tmp: nobody can exchange the folder of another there.
    chmodSync(folder, 0o1777)
    expect(await whyForeign(file)).toBeUndefined()
  })

  test('looks at each folder of a chain of links', async () => {
    const { folder, file } = place()
    const open = join(folder, 'open')
    mkdirSync(open)
    symlinkSync('../mapgate.yaml', join(open, 'second'))
    symlinkSync('open/second', join(folder, 'first'))
    expect(await whyForeign(join(folder, 'first'))).toBeUndefined()
    chmodSync(open, 0o777)
    expect(await whyForeign(join(folder, 'first'))).toBe(
      'the folder behind its link can be written by everybody',
    )
    expect(await whyForeign(file)).toBeUndefined()
  })

  test('gives up on links that lead to each other', async () => {
    const { folder } = place()
    symlinkSync('b', join(folder, 'a'))
    symlinkSync('a', join(folder, 'b'))
    expect(await whyForeign(join(folder, 'a'))).toBe('it is a link without end')
  })

  test.skipIf(!isRoot)('refuses a file of root below a folder of somebody else', async () => {
    const { folder } = place()
    const inner = join(folder, 'a')
    mkdirSync(inner)
    const file = join(inner, 'mapgate.yaml')
    writeFileSync(file, '')
    chmodSync(file, 0o644)
    for (const mode of [0o755, 0o1755]) {
      chownSync(folder, SOMEBODY, 0)
      chmodSync(folder, mode)
      expect(await whyForeign(file)).toBe(`${folder}, above its folder, belongs to another user`)
    }
  })

  test.skipIf(!isRoot)(
    'refuses what belongs to somebody else, or what a foreign group can write',
    async () => {
      const { folder, file } = place()
      chownSync(file, SOMEBODY, SOMEBODY)
      expect(await whyForeign(file)).toBe('it belongs to another user')
      chownSync(file, 0, SOMEBODY)
      chmodSync(file, 0o664)
      expect(await whyForeign(file)).toBe('it can be written by its group')
      chmodSync(file, 0o644)
      chownSync(folder, SOMEBODY, 0)
      expect(await whyForeign(file)).toBe('its folder belongs to another user')
    },
  )

  test.skipIf(!isRoot)('refuses a link that somebody else has made to a file of root', async () => {
    const { folder } = place()
    const link = join(folder, 'link')
    symlinkSync('/etc/passwd', link)
    lchownSync(link, SOMEBODY, SOMEBODY)
    expect(await whyForeign(link)).toBe('it belongs to another user')
  })
})

test('a foreign default file is passed over with a word, and read when it is named', async () => {
  const io = await collectingIo()
  writeFileSync(join(io.cwd, 'mapgate.yaml'), '')
  chmodSync(io.cwd, 0o777)
  expect(await findConfigFile(undefined, io)).not.toBe(join(io.cwd, 'mapgate.yaml'))
  expect(io.err()).toBe(
    'mapgate: ./mapgate.yaml is ignored: its folder can be written by everybody; pass it with -c if you trust it\n',
  )
  expect(await findConfigFile('mapgate.yaml', io)).toBe(join(io.cwd, 'mapgate.yaml'))
})
