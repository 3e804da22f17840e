import { describe, expect, test } from 'vitest'
import { type Address, formatAddress, parseAddress } from '../../../../src/core/system/address.ts'

const inet = (host: string, port: number): Address => ({ kind: 'inet', host, port })
const unix = (path: string): Address => ({ kind: 'unix', path })

describe('parseAddress', () => {
  const good: [text: string, address: Address][] = [
    ['inet:127.0.0.1:8464', inet('127.0.0.1', 8464)],
    ['inet:localhost:0', inet('localhost', 0)],
    ['inet:[::1]:65535', inet('::1', 65_535)],
    ['inet:[fe80::1%eth0]:1', inet('fe80::1%eth0', 1)],
    ['unix:/run/mapgate/s', unix('/run/mapgate/s')],
    ['unix:/with:colon', unix('/with:colon')],
    ['systemd:mapgate', { kind: 'systemd', name: 'mapgate' }],
    [`unix:/${'x'.repeat(106)}`, unix(`/${'x'.repeat(106)}`)],
  ]
  for (const [text, address] of good) {
    test(`reads ${text.slice(0, 40)} and writes it again`, () => {
      expect(parseAddress(text)).toStrictEqual(address)
      expect(formatAddress(address)).toBe(text)
    })
  }

  test('an IPv4 address in brackets is read as Postfix reads it', () => {
    expect(parseAddress('inet:[127.0.0.1]:25')).toStrictEqual(inet('127.0.0.1', 25))
  })

  const SPELLING = 'expected inet:HOST:PORT, inet:[IPV6]:PORT, unix:/PATH or systemd:NAME'
  const HOST = 'expected a host name, an IPv4 address, or an IPv6 address in brackets: [::1]:PORT'
  const PORT = 'expected a port number from 0 to 65535 after the last colon'
  const bad: [text: string, why: string][] = [
    ['', SPELLING],
    ['127.0.0.1:8464', SPELLING],
    ['tcp:127.0.0.1:8464', SPELLING],
    ['inet:8464', 'expected HOST:PORT'],
    ['inet::8464', HOST],
    ['inet:::1:8464', HOST],
    ['inet:[::1:8464', HOST],
    ['inet:[]:8464', HOST],
    ['inet:a b:8464', HOST],
    ['inet:127.0.0.1:65536', PORT],
    ['inet:127.0.0.1:-1', PORT],
    ['inet:127.0.0.1:smtp', PORT],
    ['inet:127.0.0.1:', PORT],
    ['unix:run/s', 'a unix socket needs an absolute path, as in unix:/run/mapgate/aliases'],
    ['unix:', 'a unix socket needs an absolute path, as in unix:/run/mapgate/aliases'],
    ['unix:/a\0b', 'expected the path of a unix socket'],
    [`unix:/${'é'.repeat(53)}x`, 'the path of a unix socket has at most 107 bytes, this one has 108'],
    ['systemd:', 'expected the name of a socket unit, as in systemd:mapgate'],
    ['systemd:a:b', 'expected the name of a socket unit, as in systemd:mapgate'],
  ]
  for (const [text, why] of bad) {
    test(`says of ${JSON.stringify(text.slice(0, 40))}: ${why}`, () => {
      expect(parseAddress(text)).toStrictEqual({ kind: 'invalid', why })
    })
  }
})
