/** What `main-cf` prints for some listeners and tables. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { printMainCf } from '../../../src/commands/main-cf/main-cf.ts'
import { collectingIo } from './collecting-io.ts'

/** The tables may ask `s`, which has entries, `d`, a service, and `learned`, a store. */
export async function linesFor(listeners: string, tables: string): Promise<string> {
  const io = await collectingIo()
  const upstreams =
    '{ s: { entries: { a: b } }, d: { endpoints: ["http://127.0.0.1:1"] }, learned: { store: { directory: /var/lib/mapgate/store } } }'
  const text = `listeners:\n${listeners}\nupstreams: ${upstreams}\ntables:\n${tables}\n`
  await writeFile(join(io.cwd, 'mapgate.yaml'), text)
  expect(await printMainCf({}, io)).toBe(0)
  return io.out()
}
