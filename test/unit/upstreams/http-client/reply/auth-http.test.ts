/**
 * What the reply to nginx's auth_http means: its Auth-Status lets in or refuses, and nothing else does either.
 */
import { expect, test } from 'vitest'
import { mapAuthHttp } from '../../../../../src/upstreams/http-client/reply/auth-http.ts'
import { compileResponse } from '../../../../../src/upstreams/http-client/reply/response-mapping.ts'
import { responseSettings } from '../../../../support/http/http-endpoint.ts'

type Fields = Readonly<Record<string, string | string[]>>

function meaning(status: number, fields: Fields, typed = 'bob'): string {
  const mapping = compileResponse(responseSettings({ notFound: [] }), true)
  const asked = { key: '', conditional: false, nowMs: 0 }
  const response = { status, headers: { 'content-length': '2', ...fields }, body: Buffer.from('OK') }
  const { result } = mapAuthHttp(response, mapping, asked, typed)
  return result.kind === 'found' ? `found ${result.value}` : result.kind
}

const cases: [status: number, fields: Fields, expected: string][] = [
  [200, { 'auth-status': 'OK' }, 'found bob'],
  [200, { 'auth-status': 'OK', 'auth-server': '192.0.2.1', 'auth-port': '25' }, 'found bob'],
  [200, { 'auth-status': 'OK', 'auth-user': 'robert' }, 'found robert'],
  [200, { 'auth-status': 'OK', 'auth-user': ' robert ' }, 'found robert'],
  [200, { 'auth-status': 'OK', 'auth-user': Buffer.from('jürgen').toString('latin1') }, 'found jürgen'],
  [200, { 'auth-status': 'OK', 'auth-user': 'jürgen' }, 'found jürgen'],
  [200, { 'auth-status': 'OK', 'auth-user': '' }, 'temporary'],
  [200, { 'auth-status': 'OK', 'auth-user': 'a\tb' }, 'temporary'],
  [200, { 'auth-status': 'OK', 'auth-user': ['a', 'b'] }, 'temporary'],
  [200, { 'auth-status': 'Invalid login or password' }, 'notfound'],
  [200, { 'auth-status': 'Invalid login', 'auth-error-code': '535 5.7.8' }, 'notfound'],
  [200, { 'auth-status': 'Temporary server problem', 'auth-error-code': '451 4.3.0' }, 'temporary'],
  [200, { 'auth-status': 'ok' }, 'notfound'],
  [200, { 'auth-status': '' }, 'temporary'],
  [200, { 'auth-status': ['OK', 'Invalid login'] }, 'temporary'],
  [200, {}, 'temporary'],
  [200, { 'content-type': 'text/html' }, 'temporary'],
  [201, { 'auth-status': 'OK' }, 'temporary'],
  [204, { 'auth-status': 'Invalid login' }, 'temporary'],
  [401, { 'auth-status': 'Invalid login' }, 'permanent'],
  [403, {}, 'permanent'],
  [404, { 'auth-status': 'Invalid login' }, 'permanent'],
  [500, { 'auth-status': 'OK' }, 'temporary'],
  [503, {}, 'temporary'],
]
for (const [status, fields, expected] of cases) {
  test(`${status} ${JSON.stringify(fields)} is ${expected}`, () =>
    expect(meaning(status, fields)).toBe(expected))
}

test('a name is let in as it was typed', () => {
  expect(meaning(200, { 'auth-status': 'OK' }, ' bob ')).toBe('found  bob ')
})

test('nobody is let in where neither side names anybody', () => {
  expect(meaning(200, { 'auth-status': 'OK' }, '')).toBe('temporary')
})
