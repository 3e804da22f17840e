/**
 * A store that gateways share: what a hit in the own store costs with it and without, and what a hit in it costs beside a hit in
 * the own store and a question to the service.
 *
 * For hits in it the gateway's own store has room for a hundredth of the keys, which are asked in a circle.
 */
import { usual } from '../configurations.mjs'
import { startRedis } from '../redis.mjs'
import { summary } from '../statistics.mjs'
import { compared, fill, load, measure, startGateway, withParts } from './parts.mjs'

/** A hit does not touch it: nothing but noise may be between the two. */
const LIMITS = { cpu: { most: 1.05 } }

const MANY_KEYS = { first: 0, count: 20_000 }
const SMALL_STORE = ', maxEntries: 200, maxNegativeEntries: 100'

/** Turns in which the keys are asked before they count: what is written behind the replies is dropped when it is too much at once. */
const FILLS = 3

export async function tier(setting) {
  const redis = await startRedis()
  try {
    const shared = redis.url
    const own = await measure((sides) => withOwnHits(shared, setting, sides), setting)
    const beside = await measure((sides) => withTierHits(redis, 'hits', setting, sides), setting)
    const misses = await measure((sides) => withTierHits(redis, 'misses', setting, sides), setting)
    // Of the last runs, without those that filled it.
    const { hits, asked } = redis.looks()
    return [
      ...compared('tier', 'hit in the own store, with a shared one against without: ', own, LIMITS),
      ...compared('tier', 'hit in the shared store against one in the own: ', beside),
      ...compared('tier', 'hit in the shared store against a miss: ', misses),
      {
        scenario: 'tier',
        name: 'share of its questions that the shared store answered',
        value: summary([hits / asked]),
      },
    ]
  } finally {
    await redis.stop()
  }
}

function withOwnHits(shared, setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const on = await startGateway(parts, setting.dist, usual(parts.service.url, { shared }))
    const off = await startGateway(parts, setting.dist, usual(parts.service.url))
    for (const { started } of [on, off]) await fill(client, started.ports[0])
    await sides({
      a: () => load(client, on, on.started.ports[0], setting),
      b: () => load(client, off, off.started.ports[0], setting),
    })
  })
}

function withTierHits(redis, against, setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const small = await startGateway(
      parts,
      setting.dist,
      usual(parts.service.url, { shared: redis.url, cache: SMALL_STORE }),
    )
    const alone = await startGateway(parts, setting.dist, usual(parts.service.url))
    const [port] = small.started.ports
    const many = { keys: MANY_KEYS, total: MANY_KEYS.count }
    for (let turn = 0; turn < FILLS; turn++) await fill(client, port, many)
    await fill(client, alone.started.ports[0])
    redis.looks()
    let next = 1_000_000
    await sides({
      a: () => load(client, small, port, setting, { keys: MANY_KEYS }),
      b: async () => {
        if (against === 'hits') return load(client, alone, alone.started.ports[0], setting)
        const keys = { first: next, count: 0 }
        const run = await load(client, alone, alone.started.ports[0], setting, { keys })
        next += run.asked
        return run
      },
    })
  })
}
