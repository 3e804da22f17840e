/**
 * Two services beside each other: the table is answered by its own, and what the other one would have said is counted.
 */
import { expect, test, vi } from 'vitest'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, startHttpService } from '../../support/http/http-service.ts'
import { Wire } from './wire.ts'

const yaml = (old: string, next: string, { keys = 'plain', shadow = 'next', share = '1' } = {}) => `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
admin:
  listen: "inet:127.0.0.1:0"
  anonymous: viewer
  tokens: [{ token: operator-token-5678, role: operator }]
log: { keys: ${keys} }
upstreams:
  old: { endpoints: ["${old}"], attempts: 1 }
  next: { endpoints: ["${next}"], attempts: 1, timeout: 1s, maxConcurrent: 3 }
  unused: { entries: { a: b } }
tables:
  aliases:
    upstream: old
    request: { path: "/{key}" }
    canary: { key: postmaster }
    cache: { ttl: 1h, negativeTtl: 1h }
    shadow: { upstream: ${shadow}, share: ${share} }
`

async function start(t: Cleanup, options?: Parameters<typeof yaml>[2]) {
  const [old, next] = [await startHttpService(t), await startHttpService(t)]
  for (const key of ['postmaster', 'same', 'lost']) old.route(`/${key}`, { text: `${key}@old.example` })
  old.route('/list', { text: 'a@b.example, c@d.example' })
  old.route('/broken', { text: 'broken@old.example' })
  next.route('/same', { text: 'same@old.example' })
  next.route('/list', { text: 'c@d.example,a@b.example' })
  next.route('/added', { text: 'added@next.example' })
  next.route('/broken', { status: 500 })
  const gateway = await startGateway(t, yaml(old.origin, next.origin, options), { random: () => 0.5 })
  const wire = new Wire(t, gateway, 'socketmap')
  const ask = async (key: string) => (await wire.ask(key)).text.split(' ').slice(0, 2).join(' ')
  return { old, next, gateway, ask }
}

async function get(gateway: TestGateway, path: string, role: 'viewer' | 'operator' = 'viewer') {
  const headers = new Headers(role === 'operator' ? { authorization: 'Bearer operator-token-5678' } : {})
  const reply = await fetch(`${gateway.adminUrl}${path}`, { headers })
  return { status: reply.status, text: await reply.text() }
}

async function shadowOf(gateway: TestGateway, role?: 'viewer' | 'operator') {
  const { text } = await get(gateway, '/api/v1/tables/aliases/shadow', role)
  return JSON.parse(text) as { differs: number; differences: object[]; [count: string]: unknown }
}

test('answers are those of its own service, and what the other one says is counted and shown', async (t) => {
  const { gateway, next, ask } = await start(t)
  expect([await ask('same'), await ask('list'), await ask('lost'), await ask('added')]).toEqual([
    'OK same@old.example',
    'OK a@b.example,',
    'OK lost@old.example',
    'NOTFOUND ',
  ])
  expect(await ask('broken')).toBe('OK broken@old.example')
  // From the store: a hit is no miss, and nobody is asked.
  expect(await ask('lost')).toBe('OK lost@old.example')
  await vi.waitFor(async () =>
    expect(await shadowOf(gateway)).toMatchObject({
      upstream: 'next',
      share: 1,
      same: 2,
      differs: 2,
      failed: 1,
      busy: 0,
    }),
  )
  expect(next.requests.map(({ url }) => url)).toEqual(['/same', '/list', '/lost', '/added', '/broken'])
  const { differences } = await shadowOf(gateway)
  expect(differences).toMatchObject([
    { key: 'added', own: { kind: 'notfound' }, shadow: { kind: 'found', value: 'added@next.example' } },
    { key: 'lost', own: { kind: 'found', value: 'lost@old.example' }, shadow: { kind: 'notfound' } },
  ])
  const metrics = (await get(gateway, '/metrics')).text.split('\n')
  expect(metrics.filter((line) => line.startsWith('mapgate_shadow_comparisons_total'))).toEqual([
    'mapgate_shadow_comparisons_total{table="aliases",upstream="next",result="same"} 2',
    'mapgate_shadow_comparisons_total{table="aliases",upstream="next",result="differs"} 2',
    'mapgate_shadow_comparisons_total{table="aliases",upstream="next",result="failed"} 1',
    'mapgate_shadow_comparisons_total{table="aliases",upstream="next",result="busy"} 0',
  ])
  expect((await get(gateway, '/readyz')).status).toBe(200)
})

test('a shadow that is silent holds nobody up, and is not asked when its slots are taken', async (t) => {
  const { gateway, old, next, ask } = await start(t)
  next.otherwise = () => ({ act: 'silence' })
  old.otherwise = () => ({ text: 'found' })
  // All of them are answered, while the shadow has answered none.
  for (let key = 0; key < 10; key++) expect(await ask(`key${key}`)).toBe('OK found')
  await vi.waitFor(async () => expect((await shadowOf(gateway)).busy).toBeGreaterThan(0))
  await vi.waitFor(async () => expect(next.requests.length).toBeGreaterThan(0))
  expect(next.requests.length).toBeLessThanOrEqual(3)
})

test('where the log hides keys, only the role operator sees them and what was found', async (t) => {
  const { gateway, ask } = await start(t, { keys: 'none' })
  expect(await ask('lost')).toBe('OK lost@old.example')
  await vi.waitFor(async () => expect((await shadowOf(gateway)).differs).toBe(1))
  const { text } = await get(gateway, '/api/v1/tables/aliases/shadow')
  expect(text).not.toContain('lost')
  expect((await shadowOf(gateway)).differences).toMatchObject([{ own: { kind: 'found' } }])
  expect((await shadowOf(gateway, 'operator')).differences).toMatchObject([
    { key: 'lost', own: { kind: 'found', value: 'lost@old.example' } },
  ])
})

test('a reload keeps the counts of the same shadow, and begins anew with another one', async (t) => {
  const { gateway, old, next, ask } = await start(t)
  await ask('lost')
  await vi.waitFor(async () => expect((await shadowOf(gateway)).differs).toBe(1))
  const reload = async (shadow: string, share = '1') => {
    gateway.write(yaml(old.origin, next.origin, { shadow, share }))
    expect(await gateway.gateway.reload()).toMatchObject({ ok: true })
  }
  await reload('next', '0.9')
  expect((await shadowOf(gateway, 'operator')).differs).toBe(1)
  await reload('unused')
  expect(await shadowOf(gateway, 'operator')).toMatchObject({
    upstream: 'unused',
    differs: 0,
    differences: [],
  })
  // The answers stay: what is compared does not decide what is answered.
  expect(await ask('lost')).toBe('OK lost@old.example')
})
