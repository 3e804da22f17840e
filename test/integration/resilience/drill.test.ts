/**
 * An outage that is only tried: what the readiness foretold, and what really happened.
 */
import { expect, onTestFinished, test, vi } from 'vitest'
import { checkOutage } from '../../../src/commands/check/outage.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, startHttpService } from '../../support/http/http-service.ts'
import { Wire } from './wire.ts'

const yaml = (origin: string) => `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams:
  directory: { endpoints: ["${origin}"], attempts: 1, timeout: 2s }
  fixed: { entries: { a: b } }
defaults:
  table: { recipientDelimiter: "+" }
tables:
  mailboxes:
    upstream: directory
    usedBy: virtual_mailbox_maps
    request: { path: "/mailboxes/{key}" }
    canary: { key: postmaster@a.example }
  aliases:
    upstream: directory
    usedBy: virtual_alias_maps
    request: { path: "/aliases/{key}" }
    canary: { key: postmaster@a.example }
    cache: { staleNotFound: { for: 1d, ifFoundIn: mailboxes } }
  fixed: { upstream: fixed, usedBy: relay_domains }
`

const MAILBOXES = /^\/mailboxes\/(user\d+|postmaster)%40a\.example$/

async function start(t: Cleanup, more = '') {
  const service = await startHttpService(t)
  service.otherwise = ({ url }) =>
    MAILBOXES.test(url) || url === '/aliases/postmaster%40a.example' ? { text: 'box/' } : { status: 404 }
  const clock = new ManualClock()
  const gateway = await startGateway(t, yaml(service.origin) + more, { clock })
  const wires = new Map(
    ['mailboxes', 'aliases', 'fixed'].map((table) => [table, new Wire(t, gateway, 'socketmap', table)]),
  )
  const ask = async (table: string, key: string) => (await wires.get(table)?.ask(key))?.kind
  return { service, clock, gateway, ask }
}

async function send(gateway: TestGateway, method: string, path: string, body?: object) {
  const reply = await fetch(`${gateway.adminUrl}${path}`, {
    method,
    headers: { 'x-mapgate': '1', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
}

interface Readiness {
  readonly name: string
  readonly ratio?: number
  readonly deferred: readonly { readonly key: string; readonly at: string; readonly why: string }[]
  readonly advice: readonly string[]
}

async function readiness(gateway: TestGateway): Promise<Map<string, Readiness>> {
  const { body } = await send(gateway, 'GET', '/api/v1/readiness')
  return new Map((body.tables as Readiness[]).map((table) => [table.name, table]))
}

async function metrics(gateway: TestGateway): Promise<string[]> {
  return (await (await fetch(`${gateway.adminUrl}/metrics`)).text()).split('\n')
}

/** Waits for these log lines about drills, and no others; they are written a moment after what they tell. */
async function logged(gateway: TestGateway, lines: readonly object[]): Promise<void> {
  await vi.waitFor(() => {
    expect(gateway.log().filter(({ event }) => event === 'drill')).toMatchObject(lines)
  })
}

/** Twenty recipients of which two do not exist, as smtpd asks. */
const USERS = Array.from({ length: 20 }, (_, index) => (index < 18 ? `user${index}` : `stranger${index}`))

test('a drill shows what the readiness foretold, sends nothing meanwhile, and is over at once', async (t) => {
  const { service, clock, gateway, ask } = await start(t)
  for (const user of USERS) {
    await ask('aliases', `${user}@a.example`)
    await ask('mailboxes', `${user}@a.example`)
  }
  await ask('fixed', 'a')
  // The alias table asks the mailbox table for its proof.
  clock.advance(20_000)
  const foretold = await readiness(gateway)
  expect(foretold.get('aliases')?.ratio).toBeCloseTo(0.9)
  expect(foretold.get('mailboxes')?.ratio).toBeCloseTo(0.9)
  expect(foretold.get('fixed')?.ratio).toBe(1)
  expect(foretold.get('mailboxes')?.deferred).toContainEqual({
    key: 'stranger18@a.example',
    lookups: 1,
    at: 'stranger18@a.example',
    why: 'the table has no rule for it',
  })
  expect(foretold.get('aliases')?.deferred[0]).toMatchObject({
    key: 'stranger18@a.example',
    why: 'mailboxes is not known to have the key',
  })
  expect(await metrics(gateway)).toContain('mapgate_outage_readiness_ratio{table="fixed"} 1')

  const begun = await send(gateway, 'POST', '/api/v1/drills', { upstream: 'directory', seconds: 60 })
  expect(begun).toMatchObject({ status: 200, body: { state: 'running', upstream: 'directory' } })
  const before = service.requests.length
  for (const user of USERS) {
    const isKnown = user.startsWith('user')
    expect([user, await ask('aliases', `${user}@a.example`)]).toEqual([user, isKnown ? 'NOTFOUND' : 'TEMP'])
    expect([user, await ask('mailboxes', `${user}@a.example`)]).toEqual([user, isKnown ? 'OK' : 'TEMP'])
  }
  clock.advance(40_000)
  expect(service.requests.length).toBe(before)
  expect((await send(gateway, 'GET', '/readyz')).body).toMatchObject({
    status: 'degraded',
    degraded: expect.arrayContaining([
      expect.stringMatching(/^upstream directory: a drill treats it as dead until 2026-01-01T/),
    ]),
  })
  const during = await metrics(gateway)
  expect(during).toContain('mapgate_drill_active{upstream="directory"} 1')
  expect(during).toContain('mapgate_drills_total{upstream="directory"} 1')

  clock.advance(20_000)
  const { body } = await send(gateway, 'GET', '/api/v1/drills')
  expect(body.drills).toMatchObject([
    {
      upstream: 'directory',
      state: 'ended',
      endedBy: 'time',
      tables: [
        { name: 'mailboxes', readiness: expect.closeTo(0.9), answered: 18, deferred: 2 },
        { name: 'aliases', readiness: expect.closeTo(0.9), answered: 18, deferred: 2 },
      ],
    },
  ])
  expect(await metrics(gateway)).toContain('mapgate_drill_active{upstream="directory"} 0')
  await logged(gateway, [
    { upstream: 'directory', state: 'running' },
    { upstream: 'directory', state: 'ended', endedBy: 'time' },
  ])
  await vi.waitFor(async () => {
    clock.advance(1000)
    expect(await ask('mailboxes', 'user99@a.example')).toBe('OK')
  })
})

test('a drill ends by its operator, by a reload and with the program', async (t) => {
  const { gateway, ask } = await start(t)
  const begin = () => send(gateway, 'POST', '/api/v1/drills', { upstream: 'directory', seconds: 3600 })
  const last = async () => (await send(gateway, 'GET', '/api/v1/drills')).body.drills
  expect((await begin()).status).toBe(200)
  expect((await begin()).status).toBe(409)
  expect(await ask('mailboxes', 'user1@a.example')).toBe('TEMP')
  expect((await send(gateway, 'DELETE', '/api/v1/drills/directory')).body).toMatchObject({
    endedBy: 'operator',
    tables: [{ name: 'mailboxes', answered: 0, deferred: 1 }, { name: 'aliases' }],
  })
  expect((await send(gateway, 'DELETE', '/api/v1/drills/directory')).status).toBe(404)
  expect((await send(gateway, 'POST', '/api/v1/drills', { upstream: 'fixed', seconds: 1 })).status).toBe(409)
  await begin()
  expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
  expect(await last()).toMatchObject([{ endedBy: 'reload' }])
  await begin()
  await gateway.gateway.stop()
  await logged(gateway, [
    { state: 'running' },
    { endedBy: 'operator' },
    { state: 'running' },
    { endedBy: 'reload' },
    { state: 'running' },
    { endedBy: 'stop' },
  ])
})

/** Waits until no endpoint of the directory is asked any more. */
async function untilOpen({ gateway, ask }: Awaited<ReturnType<typeof start>>): Promise<void> {
  let n = 0
  await vi.waitFor(async () => {
    await ask('mailboxes', `new${n++}@a.example`)
    expect(gateway.gateway.status().upstreams[0]?.endpoints[0]?.circuit).toBe('open')
  })
}

test('what failed by a drill says so, and nobody is told to fix the service', async (t) => {
  const set = await start(t)
  const { gateway, ask } = set
  await ask('mailboxes', 'user1@a.example')
  await send(gateway, 'POST', '/api/v1/drills', { upstream: 'directory', seconds: 60 })
  await untilOpen(set)
  expect(await ask('mailboxes', 'never@a.example')).toBe('TEMP')
  const { body } = await send(gateway, 'GET', '/api/v1/problems')
  const problems = body.problems as readonly { readonly kind: string; readonly text: string }[]
  const texts = problems.filter(({ kind }) => kind === 'lookup' || kind === 'circuit').map(({ text }) => text)
  expect(texts).toContain(
    'circuit: upstream directory: a drill treats the service as dead; mapgate drill --stop directory ends it',
  )
  expect(texts.filter((text) => !text.includes('a drill treats the service as dead'))).toEqual([])
  expect(gateway.log().map(({ reason }) => reason)).not.toContain(
    'upstream directory: all endpoints are failing (circuit open); fix the service',
  )
})

test('no drill begins in an outage, and a second one does begin right after the first', async (t) => {
  const set = await start(t)
  const { gateway, ask, service } = set
  await ask('mailboxes', 'user1@a.example')
  const begin = () => send(gateway, 'POST', '/api/v1/drills', { upstream: 'directory', seconds: 60 })
  expect((await begin()).status).toBe(200)
  await untilOpen(set)
  await send(gateway, 'DELETE', '/api/v1/drills/directory')
  expect(gateway.gateway.status().upstreams[0]?.endpoints[0]?.circuit).toBe('open')
  expect((await begin()).status).toBe(200)
  await service.stop()
  await send(gateway, 'DELETE', '/api/v1/drills/directory')
  // The known question is asked again about once a second.
  let askedAgainMs = 0
  const isAskedAgain = () => {
    if (askedAgainMs < 4900) {
      set.clock.advance(100)
      askedAgainMs += 100
    }
    expect(gateway.gateway.status().upstreams[0]?.endpoints[0]?.lastFailure).toMatch(
      /^connect: the service refuses/,
    )
  }
  await vi.waitFor(isAskedAgain, { timeout: 10_000, interval: 20 })
  expect(await begin()).toMatchObject({
    status: 409,
    body: {
      code: 'drill-refused',
      detail:
        'no endpoint of the upstream answers: this is an outage, and a drill would show nothing else; see mapgate status',
    },
  })
  expect(await metrics(gateway)).toContain('mapgate_drill_active{upstream="directory"} 0')
  set.clock.advance(5000)
  await logged(gateway, [
    { state: 'running' },
    { state: 'ended' },
    { state: 'running' },
    { state: 'ended' },
    {
      level: 'warn',
      upstream: 'directory',
      lastFailure: expect.stringMatching(/^connect: the service refuses/),
    },
  ])
  const { body } = await send(gateway, 'GET', '/api/v1/problems')
  expect(body.problems).toContainEqual(
    expect.objectContaining({
      kind: 'circuit',
      where: 'directory',
      text: expect.stringMatching(/^no endpoint answers now that the drill is over .*: this is an outage/),
    }),
  )
})

test.each([
  ['hash', 'log: { keys: hash, hashKey: a-key-of-16-chars }', 2],
  ['none', 'log: { keys: none }', 1],
])(
  'with log.keys: %s no key stands in the readiness, in `mapgate check --outage` or in a drill',
  async (_style, more, kinds) => {
    const { gateway, ask, clock } = await start({ onTestFinished }, more)
    for (const user of ['user1', 'stranger1', 'stranger2']) await ask('mailboxes', `${user}@a.example`)
    clock.advance(20_000)
    const io = recordIo()
    expect(await checkOutage({ admin: gateway.adminUrl }, io)).toBe(1)
    const seen = [
      JSON.stringify((await send(gateway, 'GET', '/api/v1/readiness')).body),
      io.out(),
      JSON.stringify(
        (await send(gateway, 'POST', '/api/v1/drills', { upstream: 'directory', seconds: 60 })).body,
      ),
    ]
    expect(await ask('mailboxes', 'stranger3@a.example')).toBe('TEMP')
    seen.push(JSON.stringify((await send(gateway, 'DELETE', '/api/v1/drills/directory')).body))
    seen.push(JSON.stringify((await send(gateway, 'GET', '/api/v1/problems')).body))
    seen.push(JSON.stringify(gateway.log()))
    for (const text of seen) expect(text).not.toContain('stranger')
    const shown = (io.out().match(/ 1 lookup.*/g) ?? []).map((line) => line.trim())
    expect(shown.length).toBe(2)
    // Told apart where they are hashed, and not where nothing is shown.
    expect(new Set(shown).size).toBe(kinds)
  },
)
