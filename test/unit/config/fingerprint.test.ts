/**
 * What drops stored answers when it changes, and what does not.
 */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/gateway/load-config.ts'
import { LISTENERS } from './good-sections.ts'

const BASE = `${LISTENERS}
upstreams:
  d:
    endpoints: [http://a.example, http://b.example]
    headers: { authorization: secret-one, x-key: "{key}" }
    timeout: 2s
  s: { entries: { a: [b] } }
tables:
  t:
    upstream: [s, d]
    request: { path: "/{key}", query: { q: a, r: b }, headers: { x-token: token-one, x-user: "{user}" } }
    batch: { path: /b, json: { keys: "{keys}" } }
    response: { value: $.goto }
    search: address
    usedBy: [canonical_maps]
    recipientDelimiter: "+"
    domains: { table: f }
    cache: { ttl: 1m }
    deadline: 5s
    canary: { key: a }
  f: { upstream: s, cache: off }
`

async function fingerprintOf(text: string): Promise<string | undefined> {
  return (await parseConfig(text, 'mapgate.yaml', { env: {} })).tables.get('t')?.fingerprint
}

describe('fingerprint', () => {
  const changes: [what: string, from: string, to: string][] = [
    ['the order of upstreams', '[s, d]', '[d, s]'],
    [
      'the order of endpoints',
      '[http://a.example, http://b.example]',
      '[http://b.example, http://a.example]',
    ],
    ['an entry of a static upstream', '{ a: [b] }', '{ a: [c] }'],
    ['the path', '"/{key}"', '"/x/{key}"'],
    ['a query parameter', 'q: a', 'q: c'],
    ['a header made of the key', '"{user}"', '"{domain}"'],
    ['the batch', 'path: /b', 'path: /c'],
    ['the value', '$.goto', '$.to'],
    ['the search', 'search: address', 'search: transport'],
    ['the delimiter', '"+"', '"+-"'],
    ['the filter', 'domains: { table: f }', 'domains: [a.example]'],
    ['what the filter table folds', 'f: { upstream: s,', 'f: { upstream: s, foldCase: false,'],
    ['the folding', 'deadline: 5s', 'deadline: 5s\n    foldCase: false'],
    [
      'what usedBy lets a value be',
      'usedBy: [canonical_maps]',
      'usedBy: [canonical_maps, virtual_mailbox_maps]',
    ],
    ['the propagation', 'deadline: 5s', 'deadline: 5s\n    propagateExtension: false'],
  ]
  for (const [what, from, to] of changes) {
    test(`changes with ${what}`, async () => {
      expect(BASE).toContain(from)
      expect(await fingerprintOf(BASE.replace(from, to))).not.toBe(await fingerprintOf(BASE))
    })
  }

  const sames: [what: string, from: string, to: string][] = [
    ['a secret of the upstream', 'secret-one', 'secret-two'],
    ['a secret of the request', 'token-one', 'token-two'],
    ['a lifetime', 'ttl: 1m', 'ttl: 2m'],
    ['a deadline', 'deadline: 5s', 'deadline: 6s'],
    ['a timeout', 'timeout: 2s', 'timeout: 1s'],
    // Aliases and canonical addresses are of one form, and searched alike.
    [
      'another parameter of the same use',
      'usedBy: [canonical_maps]',
      'usedBy: [canonical_maps, recipient_canonical_maps]',
    ],
    ['the canary', 'canary: { key: a }', 'canary: { key: b }'],
    ['the order in which parameters are written', 'q: a, r: b', 'r: b, q: a'],
    ['the name of the upstream section', 'timeout: 2s', 'timeout: 2s # a comment'],
  ]
  for (const [what, from, to] of sames) {
    test(`stays with ${what}`, async () => {
      expect(BASE).toContain(from)
      expect(await fingerprintOf(BASE.replace(from, to))).toBe(await fingerprintOf(BASE))
    })
  }

  test('has the identity of an upstream in the place of its endpoints', async () => {
    const named = BASE.replace('timeout: 2s', 'timeout: 2s\n    identity: directory')
    expect(await fingerprintOf(named)).not.toBe(await fingerprintOf(BASE))
    expect(await fingerprintOf(named.replace('http://a.example, http://b.example', 'http://c.example'))).toBe(
      await fingerprintOf(named),
    )
    expect(await fingerprintOf(named.replace('identity: directory', 'identity: other'))).not.toBe(
      await fingerprintOf(named),
    )
  })

  test('is the same in every run of the program', async () => {
    expect(await fingerprintOf(BASE)).toMatch(/^[0-9a-f]{32}$/)
  })
})
