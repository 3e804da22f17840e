/**
 * What an idle gateway takes with the demo's configuration: resident memory, as `free` and a container's limit count it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Program } from '../program.mjs'
import { summary } from '../statistics.mjs'
import { withParts } from './parts.mjs'

/** Most starts: each waits for {@link SETTLED_MS}. */
const STARTS = 5
/** After it the admin API is loaded, and the first canaries and collections are behind it, ms. */
const SETTLED_MS = 9000
/** Where the demo's directory listens. */
const DIRECTORY = 'http://127.0.0.1:8467'

export function resident(setting) {
  return withParts(async (parts) => {
    const demo = readFileSync(new URL('../../examples/demo.yaml', import.meta.url), 'utf8')
    const file = join(parts.folder, 'demo.yaml')
    const ported = demo.replaceAll(/inet:127\.0\.0\.1:\d+$/gm, 'inet:127.0.0.1:0')
    writeFileSync(file, ported.replace(DIRECTORY, parts.service.url))
    const sizes = []
    for (let start = 0; start < Math.min(STARTS, setting.rounds); start++) {
      const program = new Program(setting.program, file)
      await delay(setting.quick ? setting.runMs : SETTLED_MS)
      sizes.push(program.residentMib())
      await program.kill()
    }
    return [
      {
        scenario: 'resident',
        name: 'idle, configuration of the demo',
        value: summary(sizes),
        unit: ' MiB',
        limit: { most: 65 },
      },
    ]
  })
}
