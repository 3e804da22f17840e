/**
 * From the start of the process to the first answer, and to ready: with a hundred tables, and with a cache file of a million answers.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manyTables, usual } from '../configurations.mjs'
import { CACHE_FILE_READ, Program, READY } from '../program.mjs'
import { freePort } from '../service.mjs'
import { summary } from '../statistics.mjs'
import { makeCacheFile, ROOM } from './million.mjs'
import { withParts } from './parts.mjs'

const TABLES = 100
/** Known from the cache file, if that is read already. */
const QUESTION = 'aliases user0000001@bench.example'
/** Answers in the cache file beside a hundred tables. */
const FEW = 1000

export function startTimes(setting) {
  return withParts(async (parts) => {
    const { url } = parts.service
    const port = await freePort()
    const cacheFile = join(parts.folder, 'cache')
    const figures = []
    const add = (name, times, most) =>
      figures.push({ scenario: 'start', name, value: summary(times), unit: ' ms', limit: { most } })

    const tables = manyTables(url, TABLES, { port, cacheFile })
    await makeCacheFile(parts, setting.dist, tables, FEW)
    const many = await starts(parts, setting, port, tables, READY)
    add(`first cached answer with ${TABLES} tables`, many.first, 350)
    add(`to ready with ${TABLES} tables`, many.logged, 400)

    const full = usual(url, { cache: ROOM, cacheFile, port })
    await makeCacheFile(parts, setting.dist, full, setting.answers)
    const filled = await starts(parts, setting, port, full, CACHE_FILE_READ)
    add(`first answer with ${setting.answers} answers in the cache file`, filled.first, 350)
    add(`all ${setting.answers} answers of the cache file read`, filled.logged, 2000)
    return figures
  })
}

/** Ms to the first answer, and to a line of the log, of each start. */
async function starts(parts, setting, port, configuration, line) {
  const file = join(parts.folder, 'start.yaml')
  writeFileSync(file, configuration)
  const times = { first: [], logged: [] }
  for (let round = 0; round < setting.rounds; round++) {
    const program = new Program(setting.program, file)
    const logged = program.logged(line)
    times.first.push(await program.answered(port, QUESTION))
    times.logged.push(await logged)
    await program.kill()
  }
  return times
}

/** Ms from the start of the process to ready. */
export async function startTime(dist, file) {
  const program = new Program(dist, file)
  const ms = await program.logged(READY)
  await program.kill()
  return ms
}
