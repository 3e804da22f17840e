/**
 * From the start of the process to ready: with a hundred tables, and with a cache file of a million answers.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manyTables, usual } from '../configurations.mjs'
import { summary } from '../statistics.mjs'
import { MILLION, makeCacheFile, ROOM } from './million.mjs'
import { withParts } from './parts.mjs'

export function startTimes(setting) {
  return withParts(async (parts) => {
    const file = join(parts.folder, 'mapgate.yaml')
    const measure = async (name, configuration, most) => {
      writeFileSync(file, configuration)
      const times = []
      for (let round = 0; round < setting.rounds; round++) times.push(await startTime(setting.dist, file))
      return { scenario: 'start', name, value: summary(times), unit: ' ms', limit: { most } }
    }
    const withFile = usual(parts.service.url, { cache: ROOM, cacheFile: join(parts.folder, 'cache') })
    await makeCacheFile(parts, setting.dist, withFile)
    return [
      await measure('to ready with 100 tables', manyTables(parts.service.url, 100), 400),
      await measure(`to ready with ${MILLION} answers in the cache file`, withFile, 2000),
    ]
  })
}

/** Ms from the call to the log line that says ready. */
export async function startTime(dist, file) {
  const from = performance.now()
  const child = spawn(process.execPath, [join(dist, 'cli.js'), 'serve', '-c', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  for await (const chunk of child.stdout) {
    log += chunk
    if (/"state":"ready"|"msg":"ready"/.test(log)) break
  }
  const ms = performance.now() - from
  if (child.exitCode !== null) throw new Error(`it ended: ${log}`)
  // Not by SIGTERM: the cache file would be written again.
  child.kill('SIGKILL')
  await once(child, 'exit')
  return ms
}
