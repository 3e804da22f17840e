/**
 * What Postfix gets when the service fails, for every way to fail and every age of an answer, on
 * both protocols. "Not found" is never among it, and no reply comes after the deadline.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../../support/gateway/gateway.ts'
import { type Cleanup, type HttpService, startHttpService } from '../../support/http/http-service.ts'
import { testDirectory } from '../../support/wire/sockets.ts'
import { FAULTS, type Fault, hasOpenssl, resolveEveryName, selfSigned } from './faults.ts'
import { FOUND, NOT_FOUND, PROTOCOLS, Wire, type WireProtocol, type WireReply } from './wire.ts'

const DEADLINE_MS = 2000

/**
 * One table for each age: an answer is fresh, to be revalidated, or to be used only when the
 * service fails, as soon as it is stored.
 */
const TABLES = {
  aliases: '{ ttl: 60s }',
  ageing: '{ ttl: 0ms, staleWhileRevalidate: 1d, staleIfError: 1d }',
  aged: '{ ttl: 0ms, staleWhileRevalidate: 0ms, staleIfError: 1d }',
}

function yaml(origin: string, ca: string | undefined): string {
  const names = Object.keys(TABLES)
  const table = ([name, cache]: [string, string]) => `
  ${name}:
    upstream: directory
    request: { path: "/aliases/{key}" }
    response: { value: "$.goto" }
    deadline: ${DEADLINE_MS}ms
    cache: ${cache}`
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
${names.map((name) => `  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: ${name} }`).join('\n')}
upstreams:
  directory:
    endpoints: ["${origin}"]
    timeout: 250ms
    circuitBreaker: { failures: 1000 }
    ${ca === undefined ? '' : `tls: { ca: ${ca} }`}
tables:${Object.entries(TABLES).map(table).join('')}
`
}

async function healthy(t: Cleanup, fault: Fault): Promise<{ service: HttpService; gateway: TestGateway }> {
  let ca: string | undefined
  const identity = fault.needs === 'tls' ? selfSigned() : undefined
  if (identity !== undefined) {
    ca = join(testDirectory(), 'ca.pem')
    writeFileSync(ca, identity.cert)
  }
  if (fault.needs === 'dns') resolveEveryName(t)
  const service = await startHttpService(t, { tls: identity })
  service.otherwise = { json: { goto: 'x@b.example' } }
  const gateway = await startGateway(t, yaml(fault.origin?.(service) ?? service.origin, ca))
  return { service, gateway }
}

/** A key no other column or protocol asks, so that no answer and no failure is shared. */
const keyOf = (age: string, protocol: WireProtocol): string => `${age}-${protocol}@a.example`

describe.each(FAULTS)('a service that $what', (fault) => {
  beforeEach((context) => {
    if (fault.needs === 'tls' && !hasOpenssl) context.skip('needs openssl')
  })

  test('bounces no mail, and known addresses go on being answered', async (t) => {
    const { service, gateway } = await healthy(t, fault)
    const ask = (protocol: WireProtocol, table: string, age: string) =>
      new Wire(t, gateway, protocol, table).ask(keyOf(age, protocol))
    const askAll = (age: string, table: string) =>
      Promise.all(PROTOCOLS.map((protocol) => ask(protocol, table, age)))

    for (const table of Object.keys(TABLES)) {
      expect((await askAll('known', table)).map(({ text }) => text)).toEqual([
        'OK x@b.example',
        '200 x@b.example',
      ])
    }
    const primed = service.requests.length
    if (fault.behaviour !== undefined) service.otherwise = fault.behaviour
    await fault.break?.(service, t)

    const replies: WireReply[][] = [await askAll('unknown', 'aliases'), await askAll('unknown', 'aged')]
    for (const [socketmap, tcp] of replies) {
      expect(fault.unknown.split(' or ')).toContain(socketmap?.kind)
      expect(tcp?.kind).toBe('400')
    }
    if (fault.behaviour !== undefined) expect(service.requests.length).toBeGreaterThan(primed)
    for (const table of ['aliases', 'ageing', 'aged']) {
      const known = await askAll('known', table)
      expect(known.map(({ text }) => text)).toEqual(['OK x@b.example', '200 x@b.example'])
      replies.push(known)
    }
    for (const [index, protocol] of PROTOCOLS.entries()) {
      for (const reply of replies.map((both) => both[index])) {
        expect(reply?.kind).not.toBe(NOT_FOUND[protocol])
        expect(reply?.tookMs).toBeLessThan(DEADLINE_MS)
      }
    }
  })
})

describe('a service that closes kept-alive connections early', () => {
  for (const [how, closing] of [
    ['after each reply, unannounced', { json: { goto: 'x@b.example' }, thenClose: true }],
    ['when the next request comes', { act: 'reset-if-reused', reply: { json: { goto: 'x@b.example' } } }],
  ] as const) {
    test(`${how}, loses no lookup`, async (t) => {
      const service = await startHttpService(t)
      service.otherwise = closing
      const gateway = await startGateway(t, yaml(service.origin, undefined))
      for (const protocol of PROTOCOLS) {
        const wire = new Wire(t, gateway, protocol)
        for (let at = 0; at < 30; at++) {
          expect((await wire.ask(`${protocol}${at}@a.example`)).kind).toBe(FOUND[protocol])
        }
      }
    })
  }
})

test('a deadline shorter than the time of one attempt holds for known and unknown addresses', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { json: { goto: 'x@b.example' } }
  const text = yaml(service.origin, undefined)
    .replace('timeout: 250ms', 'timeout: 60s')
    .replaceAll(`deadline: ${DEADLINE_MS}ms`, 'deadline: 200ms')
  const gateway = await startGateway(t, text)
  const ask = (protocol: WireProtocol, age: string) =>
    new Wire(t, gateway, protocol, 'aged').ask(keyOf(age, protocol))
  for (const protocol of PROTOCOLS) await ask(protocol, 'known')
  service.otherwise = { act: 'silence' }
  const replies = await Promise.all([
    ...PROTOCOLS.map((protocol) => ask(protocol, 'unknown')),
    ...PROTOCOLS.map((protocol) => ask(protocol, 'known')),
  ])
  expect(replies.map(({ kind }) => kind)).toEqual(['TIMEOUT', '400', 'OK', '200'])
  for (const { tookMs } of replies) expect(tookMs).toBeLessThan(DEADLINE_MS)
})
