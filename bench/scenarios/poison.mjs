/**
 * What normal clients notice of keys that a stranger makes up and the service fails for, from one key and from a
 * thousand at fifty a second: ten connections that ask good keys, none of them stored, before and during the attack.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { withPoison } from '../configurations.mjs'
import { summary } from '../statistics.mjs'
import { load, startGateway, withParts } from './parts.mjs'

/** Most that the p99 may grow to, of that without. Source: the aims of the project. */
const LIMIT = { most: 3 }
/** Of good keys: ten clients that ask one each 20 ms. */
const STEADY = { connections: 10, perSecond: 500, keys: { first: 0, count: 10 }, checksEach: true }
const POISON_PER_SECOND = 50
const SOURCES = [
  ['one key', 1],
  ['a thousand keys', 1000],
]
const SET_UPS = [
  ['one endpoint without a canary', { endpoints: 1, canary: false, batch: false }],
  ['two endpoints without a canary', { endpoints: 2, canary: false, batch: false }],
  ['two endpoints with a canary', { endpoints: 2, canary: true, batch: false }],
  ['one endpoint with batches', { endpoints: 1, canary: false, batch: true }],
  ['two endpoints with batches and a canary', { endpoints: 2, canary: true, batch: true }],
]
/** Before the first measurement, ms: the second one must not win by what V8 has compiled meanwhile. */
const WARM_UP_MS = 1500
/** Each case is measured once, for so many runs of another scenario. */
const RUNS = 2
/** Before the second measurement, ms: long enough for a circuit to open. */
const ATTACK_BEGINS_MS = 300
const US_PER_MS = 1000

export async function poison(setting) {
  const figures = []
  for (const [name, setUp] of SET_UPS) figures.push(...(await underAttack(setting, name, setUp)))
  return figures
}

function underAttack(setting, name, setUp) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const services = []
    for (let count = 0; count < setUp.endpoints; count++)
      services.push(await parts.start('servers/poisonous.mjs'))
    const cases = []
    for (const kind of services[0].started.kinds) {
      for (const service of services) await service.ask({ name: 'behave', kind })
      for (const [source, keys] of SOURCES) {
        const { before, during } = await beforeAndDuring(parts, setting, { client, services, setUp, keys })
        const ratio = during.latencyUs.p99 / before.latencyUs.p99
        cases.push({ what: `${source}, ${kind}`, before, during, ratio })
      }
    }
    return figuresOf(name, cases)
  })
}

/** With a gateway that has met no poison yet. */
async function beforeAndDuring(parts, setting, { client, services, setUp, keys }) {
  const configuration = withPoison(
    services.map(({ started }) => started.url),
    setUp,
  )
  const gateway = await startGateway(parts, setting.dist, configuration)
  const [port] = gateway.started.ports
  const steady = (warmMs) => load(client, gateway, port, { warmMs, runMs: RUNS * setting.runMs }, STEADY)
  const before = await steady(WARM_UP_MS)
  const attacker = await parts.start('load/poisoner.mjs')
  await attacker.ask({ name: 'poison', port, keys, perSecond: POISON_PER_SECOND })
  await delay(ATTACK_BEGINS_MS)
  const during = await steady(0)
  await attacker.stop()
  await gateway.stop()
  return { before, during }
}

function figuresOf(name, cases) {
  const worst = cases.reduce((most, one) => (one.ratio > most.ratio ? one : most))
  const p99Ms = (side) => summary(cases.map((one) => one[side].latencyUs.p99 / US_PER_MS))
  const failed = cases.reduce((sum, { during }) => sum + during.wrong + during.closed, 0)
  const asked = cases.reduce((sum, { during }) => sum + during.replies, 0)
  const figure = (what, value, more = {}) => ({
    scenario: 'poison',
    name: `${name}: ${what}`,
    value,
    ...more,
  })
  return [
    figure('p99 under attack, ratio', summary(cases.map(({ ratio }) => ratio)), {
      limit: LIMIT,
      detail: `most with ${worst.what}`,
    }),
    figure('p99 under attack', p99Ms('during'), { unit: ' ms' }),
    figure('p99 before it', p99Ms('before'), { unit: ' ms' }),
    figure('good keys answered', summary([(1 - failed / asked) * 100]), {
      unit: ' %',
      limit: { least: 99.9 },
      detail: `of ${asked}`,
    }),
  ]
}
