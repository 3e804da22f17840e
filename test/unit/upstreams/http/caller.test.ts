/**
 * As whom a service is asked: what makes two gateways different askers, and what does not.
 */
import { expect, test } from 'vitest'
import { callerOf } from '../../../../src/upstreams/http/caller.ts'
import { selfSignedPair } from '../../../support/programs/certificates.ts'

type Upstream = Parameters<typeof callerOf>[0]
type Table = Parameters<typeof callerOf>[1]

const sent = (value: string) => ({ headers: new Map([['x-tenant', value]]) })
const PLAIN: Upstream = { headers: new Map() }
const TABLE: Table = {}

test('without headers, certificate and proxy it is anybody', () => {
  expect(callerOf(PLAIN, TABLE)).toBe('')
  expect(callerOf({ ...PLAIN, tls: {} }, TABLE)).toBe('')
  expect(callerOf({ ...PLAIN, identity: 'directory', proxy: 'http://a:1' }, TABLE)).toBe('')
})

test.for<[string, (value: string) => [Partial<Upstream>, Partial<Table>]]>([
  ['a header of the upstream', (value) => [sent(value), {}]],
  ['a header of the request', (value) => [{}, { request: sent(value) }]],
  ['a header of the batch', (value) => [{}, { batch: sent(value) }]],
  ['a header, whatever the service is called', (value) => [{ ...sent(value), identity: 'd' }, {}]],
  ['the proxy', (value) => [{ proxy: `http://${value}:1` }, {}]],
  ['the name of the server', (value) => [{ tls: { serverName: value } }, {}]],
])('%s makes another of it', ([, differ]) => {
  const of = (value: string) => {
    const [upstream, table] = differ(value)
    return callerOf({ ...PLAIN, ...upstream }, { ...TABLE, ...table })
  }
  expect(of('a')).not.toBe('')
  expect(of('a')).not.toBe(of('b'))
  expect(of('a')).toBe(of('a'))
})

test('the holder of a certificate counts, and not which of his certificates it is', () => {
  const named = (name: string) => selfSignedPair(['-nodes', '-addext', `subjectAltName=DNS:${name}`]).cert
  const of = (cert: string) => callerOf({ ...PLAIN, tls: { cert } }, TABLE)
  expect(of(named('one.example'))).toBe(of(named('one.example')))
  expect(of(named('one.example'))).not.toBe(of(named('two.example')))
  expect(of('no certificate')).not.toBe('')
})

test('the order of headers does not count', () => {
  const of = (...names: readonly string[]) =>
    callerOf({ ...PLAIN, headers: new Map(names.map((name) => [name, '1'])) }, TABLE)
  expect(of('a', 'b')).toBe(of('b', 'a'))
})
