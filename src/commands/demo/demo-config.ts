/**
 * The configuration the demo runs with. The file in `examples` has the usual ports written out, so
 * that people can read it; other ports are put into a copy.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEMO_PORT, type DemoPorts, demoPorts } from './ports.ts'

const NAMES = ['socketmap', 'tcpTable', 'admin', 'directory', 'policy', 'sasl'] as const

/** The file itself; with other ports a copy of it, that is removed at the end. */
export async function demoConfig(
  file: string,
  ports: DemoPorts,
): Promise<{ file: string; remove: () => Promise<void> }> {
  if (ports.socketmap === DEMO_PORT) return { file, remove: async () => {} }
  const usual = demoPorts(DEMO_PORT)
  let text = await readFile(file, 'utf8')
  for (const name of NAMES) {
    text = text.replaceAll(`127.0.0.1:${usual[name]}`, `127.0.0.1:<${name}>`)
  }
  // In two steps: the new number of one may be the usual number of another.
  for (const name of NAMES) {
    text = text.replaceAll(`127.0.0.1:<${name}>`, `127.0.0.1:${ports[name]}`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-demo-'))
  const copy = join(folder, 'demo.yaml')
  await writeFile(copy, text)
  return { file: copy, remove: () => rm(folder, { recursive: true, force: true }) }
}
