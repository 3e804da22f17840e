import { describe, expect, test } from 'vitest'
import { isLoopback, NetworkList } from '../../../../src/core/system/network-list.ts'

describe('NetworkList', () => {
  const list = new NetworkList(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32', '::1', 'fe80::/10'])
  const cases: [address: string, allowed: boolean][] = [
    ['192.0.2.0', true],
    ['192.0.2.255', true],
    ['192.0.3.0', false],
    ['198.51.100.7', true],
    ['198.51.100.8', false],
    ['::ffff:192.0.2.9', true],
    ['::ffff:192.0.3.9', false],
    ['2001:db8:1::5', true],
    ['2001:db9::5', false],
    ['::1', true],
    ['::2', false],
    ['fe80::1%eth0', true],
    ['', false],
    ['no address', false],
  ]
  for (const [address, allowed] of cases) {
    test(`"${address}" ${allowed ? 'may' : 'may not'} connect`, () => expect(list.has(address)).toBe(allowed))
  }

  test('a list of everything lets everybody in', () => {
    const all = new NetworkList(['0.0.0.0/0', '::/0'])
    expect([all.has('203.0.113.1'), all.has('2001:db8::1')]).toEqual([true, true])
  })

  for (const bad of [
    '',
    'localhost',
    '192.0.2.0/33',
    '::1/129',
    '192.0.2.0/',
    '192.0.2.0/8/8',
    '192.0.2.0/-1',
    '192.0.2/24',
  ]) {
    test(`"${bad}" is no network`, () =>
      expect(() => new NetworkList([bad])).toThrow(`"${bad}" is no IP address or network`))
  }
})

describe('isLoopback', () => {
  const cases: [host: string, isLocal: boolean][] = [
    ['localhost', true],
    ['127.0.0.1', true],
    ['127.255.255.255', true],
    ['128.0.0.0', false],
    ['126.255.255.255', false],
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['::ffff:127.0.0.1', true],
    ['::', false],
    ['0.0.0.0', false],
    ['127.example', false],
    ['', false],
  ]
  for (const [host, isLocal] of cases) {
    test(`"${host}" is ${isLocal ? '' : 'not '}this machine`, () => expect(isLoopback(host)).toBe(isLocal))
  }
})
