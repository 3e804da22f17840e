import { describe, expect, test } from 'vitest'
import { parseServer } from '../../../src/protocols/client-target.ts'
import { memcacheClient } from '../../../src/protocols/memcache/client.ts'
import { proxymapClient } from '../../../src/protocols/proxymap/client.ts'
import { PROTOCOLS } from '../../../src/protocols/registry.ts'
import { socketmapClient } from '../../../src/protocols/socketmap/client.ts'
import { tcpTableClient } from '../../../src/protocols/tcp-table/client.ts'

const inet = (host: string, port: number) => ({ kind: 'inet', host, port })
const unix = (path: string) => ({ kind: 'unix', path })

describe('parseServer', () => {
  const good: [text: string, endpoint: object][] = [
    ['tcp:127.0.0.1:8465', { client: tcpTableClient, address: inet('127.0.0.1', 8465), table: '' }],
    ['tcp:[::1]:8465', { client: tcpTableClient, address: inet('::1', 8465), table: '' }],
    ['socketmap:inet:h.example:1:t', { client: socketmapClient, address: inet('h.example', 1), table: 't' }],
    ['socketmap:inet:[::1]:1:t', { client: socketmapClient, address: inet('::1', 1), table: 't' }],
    ['socketmap:unix:/a:b:t', { client: socketmapClient, address: unix('/a:b'), table: 't' }],
    ['socketmap:unix:mapgate/s:t', { client: socketmapClient, address: unix('mapgate/s'), table: 't' }],
    ['memcache:inet:[::1]:1:t', { client: memcacheClient, address: inet('::1', 1), table: 't' }],
    ['memcache:unix:mapgate/mc:t', { client: memcacheClient, address: unix('mapgate/mc'), table: 't' }],
    ['proxymap:unix:mapgate/p:t', { client: proxymapClient, address: unix('mapgate/p'), table: 't' }],
    [
      'proxymap:unix:/q/private/proxymap:unix:passwd.byname',
      { client: proxymapClient, address: unix('/q/private/proxymap'), table: 'unix:passwd.byname' },
    ],
  ]
  for (const [text, endpoint] of good) {
    test(`reads ${text}`, () => expect(parseServer(text, PROTOCOLS)).toStrictEqual(endpoint))
  }

  const bad: [text: string, why: RegExp][] = [
    [
      'hash:/etc/aliases',
      /^expected socketmap:inet:HOST:PORT:NAME, socketmap:unix:PATH:NAME, tcp:HOST:PORT, memcache:inet:HOST:PORT:NAME, memcache:unix:PATH:NAME, proxymap:unix:PATH:NAME, proxymap:unix:PATH:TYPE:NAME, policy:inet:HOST:PORT, policy:unix:PATH, sasl:inet:HOST:PORT or sasl:unix:PATH$/,
    ],
    ['tcp:8465', /^expected HOST:PORT$/],
    ['socketmap:', /^expected socketmap:inet/],
    ['socketmap:inet:127.0.0.1:8464', /^expected HOST:PORT$/],
    ['socketmap:inet:127.0.0.1:8464:', /^expected a table name/],
    ['socketmap:inet:127.0.0.1:8464:a b', /^expected a table name/],
    ['socketmap:unix::t', /^expected the path/],
    ['socketmap:127.0.0.1:8464:t', /^expected socketmap:inet/],
    ['proxymap:inet:127.0.0.1:1:t', /^expected proxymap:unix:PATH:NAME$/],
    ['proxymap:unix:p', /^expected proxymap:unix:PATH:NAME$/],
    ['proxymap:unix:p:a b', /^expected proxymap:unix:PATH:NAME$/],
  ]
  for (const [text, why] of bad) {
    test(`says what is wrong with ${JSON.stringify(text)}`, () => {
      const result = parseServer(text, PROTOCOLS)
      expect('why' in result ? result.why : 'read').toMatch(why)
    })
  }
})
