/**
 * A million cached found answers, keys of 25 bytes and values of 35: their memory, the rate of hits
 * among them, and the pauses of a minute of load, beside those with a thousand answers, which say what the machine does.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { usual } from '../configurations.mjs'
import { inTurns } from '../in-turns.mjs'
import { summary } from '../statistics.mjs'
import { compared, fill, load, startGateway, warmUp, withParts } from './parts.mjs'

export const ROOM = ', maxEntries: 2000000, maxBytes: 2GiB'
const LOAD_MS = 60_000

/** Lookups are answered before the whole file is read. */
async function allRead(gateway, answers) {
  for (let tries = 0; tries < 600; tries++) {
    const stored = (await gateway.ask('sizes')).find(({ name }) => name === 'aliases').foundEntries
    if (stored === answers) return
    await delay(100)
  }
  throw new Error('not all answers came out of the file')
}

export function million(setting) {
  return withParts(async (parts) => {
    const cacheFile = join(parts.folder, 'cache')
    const withFile = usual(parts.service.url, { cache: ROOM, cacheFile })
    await makeCacheFile(parts, setting.dist, withFile, setting.answers)
    const client = await parts.start('load/client.mjs')
    const execArgv = ['--expose-gc']
    const full = await startGateway(parts, setting.dist, withFile, { execArgv })
    const few = await startGateway(parts, setting.dist, usual(parts.service.url), { execArgv })
    await allRead(full, setting.answers)
    await fill(client, few.started.ports[0])

    const all = { keys: { first: 0, count: setting.answers } }
    const sides = {
      a: () => load(client, full, full.started.ports[0], setting, all),
      b: () => load(client, few, few.started.ports[0], setting),
    }
    // One start each: filling takes too long for more.
    await warmUp(sides, setting)
    const runs = await inTurns(sides, setting.rounds)
    const figures = compared('million', 'a million against a thousand: ', runs, { rate: { least: 0.9 } })
    const delays = await delaysUnderLoad(client, full, setting, all)
    const used = []
    for (const server of [few, full]) {
      await server.ask('collect')
      used.push(await server.ask('usage'))
    }
    const perAnswer = (which) => (used[1][which] - used[0][which]) / setting.answers
    // After the memory, which has always been that of a gateway before such a minute.
    const ofFew = await delaysUnderLoad(client, few, setting)
    const one = (name, value, more) => ({ scenario: 'million', name, value: summary([value]), ...more })
    figures.push(
      one('longest pause in a minute of load', delays.maxMs, { unit: ' ms', limit: { most: 50 } }),
      one('the same with a thousand answers', ofFew.maxMs, { unit: ' ms' }),
      one('event loop delay, p99', delays.p99Ms, { unit: ' ms' }),
      one('resident memory per answer', perAnswer('rssBytes'), { unit: ' B', limit: { most: 450 } }),
      // Without what the allocator and V8 keep in reserve, which differs by how the answers came in.
      one('heap per answer', perAnswer('heapBytes'), { unit: ' B' }),
    )
    return figures
  })
}

async function delaysUnderLoad(client, server, setting, keys) {
  await server.ask('watchLoop')
  await load(
    client,
    server,
    server.started.ports[0],
    { warmMs: 0, runMs: setting.quick ? setting.runMs : LOAD_MS },
    keys,
  )
  return server.ask('loopDelays')
}

/** Writes the cache file that a configuration names. */
export async function makeCacheFile(parts, dist, configuration, answers) {
  const { writeFileSync } = await import('node:fs')
  const file = join(parts.folder, 'make.yaml')
  writeFileSync(file, configuration)
  await parts.start('servers/make-cache-file.mjs', [dist, file, String(answers)])
}
