import { describe, expect, test } from 'vitest'
import { checkHost, checkOrigin } from '../../../src/admin/origin.ts'
import { ProblemError } from '../../../src/admin/problem.ts'

function codeOf(check: () => void): string {
  try {
    check()
    return 'passed'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return error.document.code
  }
}

describe('checkHost', () => {
  const cases: [host: string | undefined, expected: string][] = [
    ['127.0.0.1', 'passed'],
    ['127.0.0.1:8466', 'passed'],
    ['192.0.2.7:80', 'passed'],
    ['[::1]:8466', 'passed'],
    ['[2001:db8::1]', 'passed'],
    ['localhost', 'passed'],
    ['LocalHost:8466', 'passed'],
    ['mapgate.example:8466', 'passed'],
    ['MAPGATE.example', 'passed'],
    ['evil.example', 'host-unknown'],
    ['localhost.evil.example', 'host-unknown'],
    ['mapgate.example.evil.example', 'host-unknown'],
    ['127.0.0.1.evil.example', 'host-unknown'],
    ['127.0.0.1@evil.example', 'host-unknown'],
    ['[evil.example]', 'host-unknown'],
    ['[127.0.0.1]', 'host-unknown'],
    ['::1', 'host-unknown'],
    ['127.0.0.1:port', 'host-unknown'],
    ['', 'host-unknown'],
    [undefined, 'host-unknown'],
  ]
  for (const [host, expected] of cases) {
    test(`${host ?? 'no Host'}: ${expected}`, () => {
      expect(codeOf(() => checkHost(host, ['mapgate.example']))).toBe(expected)
    })
  }
})

describe('checkOrigin', () => {
  const own = { host: '127.0.0.1:8466', 'x-mapgate': '1' }
  const cases: [name: string, method: string, headers: Record<string, string>, expected: string][] = [
    ['reading from a script', 'GET', { host: '127.0.0.1:8466' }, 'passed'],
    ['a change from a script', 'POST', own, 'passed'],
    ['a change without the header', 'POST', { host: '127.0.0.1:8466' }, 'header-missing'],
    ['a change with another value of the header', 'PUT', { ...own, 'x-mapgate': 'yes' }, 'header-missing'],
    [
      'the own page',
      'DELETE',
      { ...own, origin: 'http://127.0.0.1:8466', 'sec-fetch-site': 'same-origin' },
      'passed',
    ],
    ['an address typed by hand', 'GET', { host: '127.0.0.1:8466', 'sec-fetch-site': 'none' }, 'passed'],
    ['another origin', 'POST', { ...own, origin: 'http://evil.example' }, 'foreign-origin'],
    ['the same host over https', 'POST', { ...own, origin: 'https://127.0.0.1:8466' }, 'foreign-origin'],
    ['another port of the same host', 'POST', { ...own, origin: 'http://127.0.0.1:80' }, 'foreign-origin'],
    ['a sandboxed page', 'POST', { ...own, origin: 'null' }, 'foreign-origin'],
    [
      'a picture in a foreign page',
      'GET',
      { host: '127.0.0.1:8466', 'sec-fetch-site': 'cross-site' },
      'foreign-origin',
    ],
    [
      'a page of a neighbour',
      'GET',
      { host: '127.0.0.1:8466', 'sec-fetch-site': 'same-site' },
      'foreign-origin',
    ],
  ]
  for (const [name, method, headers, expected] of cases) {
    test(`${name}: ${expected}`, () => {
      expect(codeOf(() => checkOrigin(method, headers, 'http'))).toBe(expected)
    })
  }

  test('over TLS the own origin is https', () => {
    expect(codeOf(() => checkOrigin('POST', { ...own, origin: 'https://127.0.0.1:8466' }, 'https'))).toBe(
      'passed',
    )
  })
})
