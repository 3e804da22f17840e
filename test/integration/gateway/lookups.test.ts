/**
 * Whole lookups: a client on the wire, the gateway, an HTTP service.
 */
import { describe, expect, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'

describe('a gateway over one HTTP service', () => {
  const aliases = (origin: string, more = '') => `${TWO_LISTENERS}
upstreams:
  directory: { endpoints: ["${origin}/v1"], attempts: 1 }
tables:
  aliases:
    upstream: directory
    request: { path: "/aliases/{key}" }
    response: { value: "$.goto" }
    ${more}
`

  test('answers both protocols from one request', async (t) => {
    const service = await startHttpService(t)
    service.route('/v1/aliases/info%40a.example', { json: { goto: ['x@b.example', 'y@b.example'] } })
    const gateway = await startGateway(t, aliases(service.origin))
    expect(await gateway.socketmap().lookup('aliases', 'Info@A.example')).toEqual(
      found('x@b.example, y@b.example'),
    )
    expect(await gateway.tcpTable().lookup('info@a.example')).toEqual(found('x@b.example, y@b.example'))
    expect(service.requests.map(({ url }) => url)).toEqual(['/v1/aliases/info%40a.example'])
  })

  test('tells not found, temporary and permanent apart', async (t) => {
    const service = await startHttpService(t)
    service.route('/v1/aliases/nobody', { status: 404 })
    service.route('/v1/aliases/broken', { status: 500 })
    service.route('/v1/aliases/refused', { status: 400 })
    const gateway = await startGateway(t, aliases(service.origin))
    const client = gateway.socketmap()
    expect(await client.lookup('aliases', 'nobody')).toEqual({ kind: 'notfound' })
    expect(await client.lookup('aliases', 'broken')).toMatchObject({ kind: 'temporary' })
    expect(await client.lookup('aliases', 'refused')).toMatchObject({ kind: 'permanent' })
    expect(await client.lookup('nosuch', 'x')).toMatchObject({ kind: 'permanent' })
  })

  test('searches partial keys and puts the extension back as it was written', async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { status: 404 }
    service.route('/v1/aliases/bob%40a.example', { json: { goto: 'bob@b.example' } })
    const search = 'usedBy: [virtual_alias_maps]\n    recipientDelimiter: "+"'
    const gateway = await startGateway(t, aliases(service.origin, search))
    expect(await gateway.socketmap().lookup('aliases', 'Bob+News@a.example')).toEqual(
      found('bob+News@b.example'),
    )
    expect(service.requests.map(({ url }) => url)).toEqual([
      '/v1/aliases/bob%2Bnews%40a.example',
      '/v1/aliases/bob%40a.example',
    ])
  })

  test('asks nobody about a domain outside of `domains`', async (t) => {
    const service = await startHttpService(t)
    const gateway = await startGateway(t, aliases(service.origin, 'domains: [a.example]'))
    expect(await gateway.socketmap().lookup('aliases', 'bob@elsewhere.example')).toEqual({ kind: 'notfound' })
    expect(service.requests).toEqual([])
  })

  test('explains over the admin API, and purges', async (t) => {
    const service = await startHttpService(t)
    service.route('/v1/aliases/a', { json: { goto: 'b' } })
    const gateway = await startGateway(t, aliases(service.origin))
    const url = `${gateway.adminUrl}/api/v1/tables/aliases`
    const ask = async () => (await fetch(`${url}/lookup?key=a&explain=true`)).json()
    expect(await ask()).toMatchObject({ source: 'upstream', wire: { socketmap: { reply: '4:OK b,' } } })
    expect(await ask()).toMatchObject({ source: 'cache' })
    const purge = await fetch(`${url}/cache?key=A`, { method: 'DELETE', headers: { 'x-mapgate': '1' } })
    expect(await purge.json()).toMatchObject({ removed: 1 })
    expect(await ask()).toMatchObject({ source: 'upstream' })
  })
})

describe('a list of upstreams', () => {
  test('answers from static entries before the service, and asks the service for the rest', async (t) => {
    const service = await startHttpService(t)
    service.route('/info', { text: 'from the service' })
    const gateway = await startGateway(
      t,
      `${TWO_LISTENERS}
upstreams:
  overrides: { entries: { Postmaster: [ops@a.example, oncall@a.example] } }
  directory: { endpoints: ["${service.origin}"] }
tables:
  aliases: { upstream: [overrides, directory], request: { path: "/{key}" } }
`,
    )
    const client = gateway.socketmap()
    expect(await client.lookup('aliases', 'postmaster')).toEqual(found('ops@a.example, oncall@a.example'))
    expect(service.requests).toEqual([])
    expect(await client.lookup('aliases', 'info')).toEqual(found('from the service'))
  })
})

describe('a filter that is a table', () => {
  test('decides by what that table knows, and its failure is the lookup’s', async (t) => {
    const service = await startHttpService(t)
    service.route('/domains/ours.example', { text: 'yes' })
    service.route('/domains/foreign.example', { status: 404 })
    service.route('/domains/broken.example', { status: 500 })
    service.route('/users/bob%40ours.example', { text: 'bob' })
    const gateway = await startGateway(
      t,
      `${TWO_LISTENERS.replace('table: aliases', 'table: users')}
upstreams:
  directory: { endpoints: ["${service.origin}"], attempts: 1 }
tables:
  users: { upstream: directory, request: { path: "/users/{key}" }, domains: { table: domains } }
  domains: { upstream: directory, request: { path: "/domains/{key}" } }
`,
    )
    const client = gateway.socketmap()
    expect(await client.lookup('users', 'bob@ours.example')).toEqual(found('bob'))
    expect(await client.lookup('users', 'bob@foreign.example')).toEqual({ kind: 'notfound' })
    expect(await client.lookup('users', 'bob@broken.example')).toMatchObject({ kind: 'temporary' })
    expect(service.requests.filter(({ url }) => url.startsWith('/users/'))).toHaveLength(1)
  })
})
