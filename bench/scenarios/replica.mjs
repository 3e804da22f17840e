/**
 * A replica of a million entries: the copy, its memory, the start with it, and lookups compared with those of a cache.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { replicated, usual } from '../configurations.mjs'
import { inTurns } from '../in-turns.mjs'
import { ratios, summary } from '../statistics.mjs'
import { compared, fill, load, startGateway, warmUp, withParts } from './parts.mjs'
import { startTime } from './start-times.mjs'

/** Keys behind those of the list. */
const ABSENT = { first: 5_000_000, count: 1000 }
const LOOK_EVERY_MS = 50
/** What a busy site asks. */
const PER_SECOND = 1000

export function replica(setting) {
  return withParts(async (parts) => {
    const entries = setting.answers
    const list = await parts.start('servers/list.mjs')
    const listUrl = `http://127.0.0.1:${list.started.port}`
    const configuration = replicated(listUrl, entries, join(parts.folder, 'replica'))
    const client = await parts.start('load/client.mjs')
    const execArgv = ['--expose-gc']
    const cached = await startGateway(parts, setting.dist, usual(parts.service.url), { execArgv })
    const copied = await startGateway(parts, setting.dist, configuration, { execArgv })
    const rss = async (server) => {
      await server.ask('collect')
      return (await server.ask('usage')).rssBytes
    }
    const peak = await copyOnce(copied)
    await fill(client, cached.started.ports[0])
    const emptyBytes = await rss(cached)
    const figures = []
    const one = (name, value, more) =>
      figures.push({ scenario: 'replica', name, value: summary([value].flat()), ...more })

    const { durationMs, bytes } = (await copied.ask('sizes'))[0].replica
    one(`copy of ${entries} entries, ${Math.round(bytes / 1e6)} MB`, durationMs / 1000, { unit: ' s' })
    const above = { unit: ' MiB', limit: { most: 150 } }
    one('resident memory above an empty gateway, during a copy', (peak - emptyBytes) / 2 ** 20, above)
    one(
      'resident memory above an empty gateway, after it',
      ((await rss(copied)) - emptyBytes) / 2 ** 20,
      above,
    )

    const all = { keys: { first: 0, count: entries } }
    const found = () => load(client, copied, copied.started.ports[0], setting, all)
    const sides = { a: found, b: () => load(client, cached, cached.started.ports[0], setting) }
    await warmUp(sides, setting)
    figures.push(
      ...compared('replica', 'found, against a cached hit: ', await inTurns(sides, setting.rounds), {
        rate: { least: 0.7 },
      }),
    )
    const absent = () =>
      load(client, copied, copied.started.ports[0], setting, { keys: ABSENT, expects: 'notfound' })
    const other = { a: absent, b: sides.b }
    await warmUp(other, setting)
    figures.push(
      ...compared('replica', 'absent, against a cached hit: ', await inTurns(other, setting.rounds), {
        rate: { least: 0.6 },
      }),
    )

    // At a rate that leaves the processors room: at full load the client, the list service and the copy take from the
    // lookups what they need, whatever the gateway does.
    const steadily = async () => {
      await copied.ask('watchLoop')
      const { latencyUs } = await load(client, copied, copied.started.ports[0], setting, {
        ...all,
        perSecond: PER_SECOND,
      })
      return { replyUs: latencyUs.p99, loopMs: (await copied.ask('loopDelays')).p99Ms }
    }
    const during = []
    const without = []
    for (let round = 0; round < Math.min(setting.rounds, 5); round++) {
      without.push(await steadily())
      await copied.ask('refresh')
      await delay(500)
      during.push(await steadily())
      await settled(copied)
    }
    for (const [what, name, unit] of [
      ['replies', 'replyUs', ' us'],
      ['the delay of the event loop', 'loopMs', ' ms'],
    ]) {
      const [with_, without_] = [during, without].map((all) => all.map((one) => one[name]))
      one(`p99 of ${what} during a copy, at ${PER_SECOND} lookups a second, ratio`, 0, {
        value: ratios(with_, without_),
        limit: { most: 2 },
        detail: 'in turns; client, list service and copy share the processors',
      })
      one(`p99 of ${what} during a copy`, with_, { unit })
    }
    await copied.stop()

    const times = { with: [], without: [] }
    const file = join(parts.folder, 'start.yaml')
    for (let round = 0; round < setting.rounds; round++) {
      writeFileSync(file, configuration)
      times.with.push(await startTime(setting.program, file))
      writeFileSync(file, usual(parts.service.url))
      times.without.push(await startTime(setting.program, file))
    }
    one(
      'start to ready, more than an empty one',
      times.with.map((ms, round) => ms - times.without[round]),
      {
        unit: ' ms',
        limit: { most: 500 },
      },
    )
    return figures
  })
}

/** Waits for the first copy. @returns The most resident memory meanwhile, bytes. */
async function copyOnce(server) {
  let most = 0
  for (;;) {
    const [{ replica: status }] = await server.ask('sizes')
    most = Math.max(most, (await server.ask('usage')).rssBytes)
    if (status.state === 'ready') return most
    if (status.lastFailure !== undefined) throw new Error(status.lastFailure)
    await delay(LOOK_EVERY_MS)
  }
}

async function settled(server) {
  while ((await server.ask('sizes'))[0].replica.state === 'copying') await delay(LOOK_EVERY_MS)
}
