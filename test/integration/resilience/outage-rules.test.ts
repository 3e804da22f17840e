/**
 * The three usual tables while their service is down: what goes on being answered, over a restart too.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, type Reply, startHttpService } from '../../support/http/http-service.ts'
import { testDirectory } from '../../support/wire/sockets.ts'
import { Wire } from './wire.ts'

const DIRECTORY: Readonly<Record<string, string>> = {
  '/domains/a.example': 'yes',
  '/mailboxes/ann%40a.example': 'ann/',
  '/mailboxes/postmaster%40a.example': 'root/',
  '/aliases/team%40a.example': 'ann@a.example',
  '/aliases/postmaster%40a.example': 'ann@a.example',
  '/senders/canary': 'OK',
  '/senders/bad.example': 'REJECT',
}

const yaml = (origin: string, folder: string) => `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams:
  directory: { endpoints: ["${origin}"], attempts: 1, timeout: 500ms }
defaults:
  table: { upstream: directory, recipientDelimiter: "+" }
tables:
  domains: { usedBy: virtual_mailbox_domains, request: { path: "/domains/{key}" }, canary: { key: a.example } }
  mailboxes: { usedBy: virtual_mailbox_maps, request: { path: "/mailboxes/{key}" }, canary: { key: postmaster@a.example } }
  aliases:
    usedBy: virtual_alias_maps
    request: { path: "/aliases/{key}" }
    canary: { key: postmaster@a.example }
    cache: { staleNotFound: { for: 1d, ifFoundIn: mailboxes } }
  senders:
    usedBy: check_sender_access
    request: { path: "/senders/{key}" }
    canary: { key: canary }
    whenUnknown: notFound
cacheFile: ${folder}/cache
`

async function start(t: Cleanup) {
  const service = await startHttpService(t)
  service.otherwise = ({ url }) => {
    const text = DIRECTORY[url]
    return text === undefined ? { status: 404 } : { text }
  }
  const folder = testDirectory()
  const clock = new ManualClock()
  const run = async () => {
    const gateway = await startGateway(t, yaml(service.origin, folder), { clock, random: () => 0 })
    const wires = new Map(
      ['domains', 'mailboxes', 'aliases', 'senders'].map((table) => [
        table,
        new Wire(t, gateway, 'socketmap', table),
      ]),
    )
    const ask = async (table: string, key: string) => (await wires.get(table)?.ask(key))?.kind
    return { gateway, ask }
  }
  return { service, clock, run, folder }
}

/** Lets the clock run until there is the answer. */
async function meanwhile<Answer>(clock: ManualClock, answer: Promise<Answer>): Promise<Answer> {
  let isRunning = true
  void answer.finally(() => {
    isRunning = false
  })
  while (isRunning) {
    clock.advance(50)
    await delay(5)
  }
  return answer
}

/** What Postfix asks about a mailbox, about one with an extension, an alias and an unknown address. */
async function recipients(ask: (table: string, key: string) => Promise<string | undefined>) {
  const asked: Record<string, (string | undefined)[]> = {}
  for (const address of ['ann@a.example', 'ann+news@a.example', 'team@a.example', 'nobody@a.example'])
    asked[address] = [
      await ask('domains', 'a.example'),
      await ask('aliases', address),
      await ask('mailboxes', address),
    ]
  return asked
}

const FLOWS = {
  'ann@a.example': ['OK', 'NOTFOUND', 'OK'],
  'ann+news@a.example': ['OK', 'NOTFOUND', 'OK'],
}

async function metric(gateway: TestGateway, rule: string): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  return Number(
    new RegExp(`mapgate_outage_answers_total\\{.*rule="${rule}".*\\} (\\d+)`).exec(text)?.[1] ?? 0,
  )
}

test('mailboxes, with and without an extension, and aliases are answered in an outage, over a restart too; nobody is bounced', async (t) => {
  const { service, clock, run } = await start(t)
  const first = await run()
  expect(await recipients(first.ask)).toMatchObject({
    ...FLOWS,
    'nobody@a.example': ['OK', 'NOTFOUND', 'NOTFOUND'],
  })
  await service.stop()
  clock.advance(75_000)
  const inOutage = await recipients(first.ask)
  expect(inOutage).toMatchObject(FLOWS)
  expect(inOutage['team@a.example']?.slice(0, 2)).toEqual(['OK', 'OK'])
  expect(inOutage['nobody@a.example']).toEqual(['OK', 'TEMP', 'TEMP'])
  expect(await metric(first.gateway, 'stale-not-found')).toBe(2)
  await first.gateway.gateway.stop()
  const second = await run()
  clock.advance(10_000)
  expect(await recipients(second.ask)).toMatchObject({ ...FLOWS, 'nobody@a.example': ['OK', 'TEMP', 'TEMP'] })
})

test('a check is missed in an outage instead of the mail, but not one whose answer is known', async (t) => {
  const { service, clock, run } = await start(t)
  const { gateway, ask } = await run()
  expect(await ask('senders', 'x@bad.example')).toBe('OK')
  await service.stop()
  clock.advance(75_000)
  expect(await ask('senders', 'x@bad.example')).toBe('OK')
  expect(await ask('senders', 'y@good.example')).toBe('NOTFOUND')
  expect(await metric(gateway, 'when-unknown')).toBe(1)
})

test('a sender for whom the service fails does not get past a deny list while it answers others', async (t) => {
  const { service, clock, run } = await start(t)
  const { gateway, ask } = await run()
  const usual = service.otherwise
  service.otherwise = (request) =>
    request.url.includes('poison') ? { status: 500 } : typeof usual === 'function' ? usual(request) : usual
  expect(await ask('senders', 'poison@bad.example')).toBe('TEMP')
  expect(await ask('senders', 'x@bad.example')).toBe('OK')
  clock.advance(10_000)
  expect(await ask('senders', 'poison@bad.example')).toBe('TEMP')
  expect(await metric(gateway, 'when-unknown')).toBe(0)
  const explained = await fetch(
    `${gateway.adminUrl}/api/v1/tables/senders/lookup?explain=true&key=poison@good.example`,
  )
  const { steps } = (await explained.json()) as { steps: { step: string }[] }
  expect(steps.find(({ step }) => step === 'outage')).toMatchObject({
    rule: 'when-unknown',
    used: false,
    why: 'the service answers others, so this is no outage',
  })
  service.otherwise = { status: 500 }
  clock.advance(10_000)
  expect(await meanwhile(clock, ask('senders', 'poison@good.example'))).toBe('NOTFOUND')
  // Its domain is stored.
  expect(await ask('senders', 'poison@bad.example')).toBe('TEMP')
  expect(await metric(gateway, 'when-unknown')).toBe(1)
})

test('a credential that is refused for everybody is an outage, and a request that is refused for one key is none', async (t) => {
  const { service, clock, run } = await start(t)
  const { ask } = await run()
  await recipients(ask)
  const usual = service.otherwise as (request: { url: string }) => Reply
  clock.advance(75_000)
  service.otherwise = (request) => (request.url.includes('poison') ? { status: 400 } : usual(request))
  expect(await ask('senders', 'poison@bad.example')).toBe('PERM')
  service.otherwise = { status: 401 }
  clock.advance(10_000)
  expect(await recipients(ask)).toMatchObject(FLOWS)
  expect(await meanwhile(clock, ask('senders', 'y@good.example'))).toBe('NOTFOUND')
})

test('a service that answers its canaries alone is no outage, so mail waits, and after a minute that is said', async (t) => {
  const { service, clock, run } = await start(t)
  const { gateway, ask } = await run()
  await ask('mailboxes', 'ann@a.example')
  const usual = service.otherwise as (request: { url: string }) => Reply
  service.otherwise = (request) =>
    /postmaster|canary|domains/.test(request.url) ? usual(request) : { status: 500 }
  for (let time = 0; time < 5; time++) {
    for (const key of ['x', 'y']) expect(await ask('senders', `${key}${time}@fine.example`)).toBe('TEMP')
    await vi.waitFor(() => expect(gateway.gateway.status().upstreams[0]?.inFlight).toBe(0))
    clock.advance(15_000)
  }
  expect(gateway.gateway.status().degraded).toEqual([
    expect.stringMatching(
      /^upstream directory: endpoint 0:[^ ]+ answers only questions whose answer is known, such as its canaries; all lookups have failed for 1 min \(last failure: status: .+\), so look at the service$/,
    ),
  ])
})

test('an explanation says which rule answered, and why one did not', async (t) => {
  const { service, clock, run } = await start(t)
  const { gateway, ask } = await run()
  await ask('aliases', 'ann@a.example')
  // Nobody asked the mailbox table but the alias table, for the proof.
  const stored = async () => (await fetch(`${gateway.adminUrl}/metrics`)).text()
  await vi.waitFor(async () =>
    expect(await stored()).toMatch(/^mapgate_cache_entries\{table="mailboxes",kind="found"\} 1$/m),
  )
  await service.stop()
  clock.advance(75_000)
  const explain = async (key: string) => {
    const reply = await fetch(
      `${gateway.adminUrl}/api/v1/tables/aliases/lookup?explain=true&key=${encodeURIComponent(key)}`,
    )
    const { steps } = (await reply.json()) as { steps: { step: string }[] }
    return steps.find(({ step }) => step === 'outage')
  }
  expect(await explain('ann@a.example')).toEqual({
    step: 'outage',
    rule: 'stale-not-found',
    used: true,
    why: 'it was the last answer, and mailboxes has the key',
  })
  expect(await explain('eve@a.example')).toEqual({
    step: 'outage',
    rule: 'stale-not-found',
    used: false,
    key: 'eve@a.example',
    why: 'was not asked before, or is forgotten',
  })
})

test('a key that fits into no request is "not found" while the service is down, too, and counts as ready', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'ann@a.example' }
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { directory: { endpoints: ["${service.origin}"], attempts: 1, timeout: 500ms } }
tables:
  aliases: { upstream: directory, request: { path: "/{domain}/{user}" }, canary: { key: postmaster@a.example } }
`,
  )
  const wire = new Wire(t, gateway, 'socketmap')
  expect([(await wire.ask('ann@a.example')).kind, (await wire.ask('root')).kind]).toEqual(['OK', 'NOTFOUND'])
  await service.stop()
  await vi.waitFor(async () => {
    expect((await wire.ask(`new${Math.random()}@a.example`)).kind).toBe('TEMP')
    expect(gateway.gateway.status().upstreams[0]?.endpoints[0]?.circuit).toBe('open')
  })
  expect((await wire.ask('root')).kind).toBe('NOTFOUND')
  const { tables } = (await (await fetch(`${gateway.adminUrl}/api/v1/readiness`)).json()) as {
    tables: { deferred: { key: string }[] }[]
  }
  expect(tables[0]?.deferred.map(({ key }) => key)).not.toContain('root')
})

test('an older cache file that is put in the place of a newer one counts by its own age, until staleNotFound.for is over', async (t) => {
  const { service, clock, run, folder } = await start(t)
  const first = await run()
  await recipients(first.ask)
  await first.gateway.gateway.stop()
  const older = await readFile(`${folder}/cache`)
  const usual = service.otherwise
  // The mailbox becomes an alias, and the gateway knows.
  service.otherwise = (request) => {
    if (request.url === '/mailboxes/ann%40a.example') return { status: 404 }
    if (request.url === '/aliases/ann%40a.example') return { text: 'bob@a.example' }
    return (usual as (asked: typeof request) => Reply)(request)
  }
  clock.advance(3_600_000)
  const second = await run()
  expect(await second.ask('aliases', 'ann@a.example')).toBe('OK')
  await second.gateway.gateway.stop()
  await service.stop()

  await writeFile(`${folder}/cache`, older)
  clock.advance(3_600_000)
  const third = await run()
  // The limit: what the older file says of the alias and of its proof is one day's truth.
  expect(await third.ask('aliases', 'ann@a.example')).toBe('NOTFOUND')
  clock.advance(86_400_000)
  expect(await third.ask('aliases', 'ann@a.example')).toBe('TEMP')
})

test('a newer cache file ends what an older one said', async (t) => {
  const { service, clock, run } = await start(t)
  const first = await run()
  await recipients(first.ask)
  service.otherwise = { text: 'bob@a.example' }
  clock.advance(3_600_000)
  expect(await first.ask('aliases', 'ann@a.example')).toBe('OK')
  await first.gateway.gateway.stop()
  await service.stop()
  clock.advance(3_600_000)
  const second = await run()
  expect(await second.ask('aliases', 'ann@a.example')).toBe('OK')
})
