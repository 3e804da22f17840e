/**
 * The client side of both codecs: the bytes of a question, and what a reply is taken for.
 */
import { describe, expect, test } from 'vitest'
import type { LookupResult } from '../../../src/core/result.ts'
import { memcacheClient as memcache } from '../../../src/protocols/memcache/client.ts'
import { proxymapClient as proxymap } from '../../../src/protocols/proxymap/client.ts'
import { socketmapClient as socketmap } from '../../../src/protocols/socketmap/client.ts'
import { tcpTableClient as tcpTable } from '../../../src/protocols/tcp-table/client.ts'
import { chunkings } from '../../support/wire/chunkings.ts'

describe('a socketmap question', () => {
  const cases: [key: string, wire: string][] = [
    ['a@b.example', '13:t a@b.example,'],
    ['', '2:t ,'],
    ['ü', '4:t ü,'],
  ]
  for (const [key, wire] of cases) {
    test(`for "${key}" is ${wire}`, () =>
      expect(socketmap.encodeRequest('t', Buffer.from(key)).toString()).toBe(wire))
  }
})

describe('a socketmap reply', () => {
  const cases: [payload: string, summary: string][] = [
    ['OK a b', 'found a b'],
    ['OK é', 'found é'],
    ['NOTFOUND ', 'notfound'],
    ['NOTFOUND', 'notfound'],
    ['TEMP try later', 'temporary service try later'],
    ['TIMEOUT too slow', 'temporary timeout too slow'],
    ['PERM no such table', 'permanent refused no such table'],
    ['OK ', 'temporary unreadable the server sent an empty result, which Postfix does not accept'],
    ['OK', 'temporary unreadable the server sent an empty result, which Postfix does not accept'],
    ['OK \xff', 'temporary unreadable the server sent a result that is not UTF-8'],
    ['', 'temporary unreadable the server sent a reply that is not of the socketmap protocol'],
    ['ok a', 'temporary unreadable the server sent a reply that is not of the socketmap protocol'],
  ]
  for (const [payload, summary] of cases) {
    test(`"${payload}" is ${summary}`, () =>
      expect(summaryOf(socketmap.parseReply(bytesOf(payload)))).toBe(summary))
  }
})

describe('a tcp_table question', () => {
  const cases: [key: string, wire: string][] = [
    ['a@b.example', 'get a@b.example\n'],
    ['', 'get \n'],
    ['ü 1%', 'get %C3%BC%201%25\n'],
  ]
  for (const [key, wire] of cases) {
    test(`for "${key}" is ${JSON.stringify(wire)}`, () =>
      expect(tcpTable.encodeRequest('', Buffer.from(key)).toString()).toBe(wire))
  }
})

describe('a tcp_table reply', () => {
  const NO_REPLY = 'temporary unreadable the server sent a reply that is not of the tcp_table protocol'
  const cases: [line: string, summary: string][] = [
    ['200 a%20b', 'found a b'],
    ['200 %c3%a9', 'found é'],
    ['500 not%20found', 'notfound'],
    ['500 ', 'notfound'],
    ['500\tunknown', 'notfound'],
    ['404 gone', 'temporary service gone'],
    ['200 ', 'temporary unreadable the server sent an empty result, which Postfix does not accept'],
    ['200 %ff', 'temporary unreadable the server sent a result that is not UTF-8'],
    [
      '500 50% off',
      'temporary unreadable the server sent a reply with a % that is not followed by two hex digits',
    ],
    ['200', NO_REPLY],
    ['500', NO_REPLY],
    ['', NO_REPLY],
    ['300 a', NO_REPLY],
    ['2000 a', NO_REPLY],
    ['5xx a', NO_REPLY],
  ]
  for (const [line, summary] of cases) {
    test(`"${line}" is ${summary}`, () => expect(summaryOf(tcpTable.parseReply(bytesOf(line)))).toBe(summary))
  }
})

describe('a memcache question', () => {
  test('names the table before the key', () => {
    expect(String(memcache.encodeRequest('t', Buffer.from('a@b.example')))).toBe('get t/a@b.example\r\n')
    expect(String(memcache.encodeRequest('t', Buffer.from('ü')))).toBe('get t/ü\r\n')
  })

  for (const key of ['', 'a b', '"john doe"@b.example', 'a\t', 'a\nb', '\x7f']) {
    test(`is not sent for ${JSON.stringify(key)}, which is no "not found"`, () => {
      expect(memcache.encodeRequest('t', Buffer.from(key))).toMatchObject({
        kind: 'permanent',
        cause: 'bad-request',
      })
    })
  }
})

describe('a memcache reply', () => {
  const NO_REPLY = 'temporary unreadable the server sent a reply that is not of the memcache protocol'
  const cases: [wire: string, summary: string][] = [
    ['VALUE t/a 0 3\r\na b\r\nEND\r\n', 'found a b'],
    ['VALUE t/a 0 3\r\na\nb\r\nEND\r\n', 'found a\nb'],
    ['VALUE t/a 0 2\r\né\r\nEND\r\n', 'found é'],
    ['END\r\n', 'notfound'],
    ['END\n', 'notfound'],
    ['SERVER_ERROR try later\r\n', 'temporary service try later'],
    ['CLIENT_ERROR bad line\r\n', 'temporary service bad line'],
    ['ERROR\r\n', NO_REPLY],
    ['\r\n', NO_REPLY],
    ['VALUE t/a 0 x\r\n', NO_REPLY],
    [
      'VALUE t/a 0 0\r\n\r\nEND\r\n',
      'temporary unreadable the server sent an empty result, which Postfix does not accept',
    ],
    ['VALUE t/a 0 1\r\n\xff\r\nEND\r\n', 'temporary unreadable the server sent a result that is not UTF-8'],
    ['VALUE t/a 0 3\r\nab\r\nEND\r\n', 'no frame'],
    ['VALUE t/a 0 1\r\na\r\nEN\r\n', 'no frame'],
    ['VALUE t/a 0 1\r\na\r\n', 'more'],
    ['VALUE t/a 0 200000\r\n', 'more'],
  ]
  for (const [wire, summary] of cases) {
    test(`${JSON.stringify(wire)} is ${summary}, wherever it is cut`, () => {
      for (const chunks of chunkings(bytesOf(wire))) {
        const decoder = memcache.createDecoder()
        let read = 'more'
        for (const chunk of chunks) {
          decoder.push(chunk)
          const step = decoder.read()
          if (step.kind === 'frame') read = summaryOf(memcache.parseReply(step.payload))
          else if (step.kind !== 'more') read = 'no frame'
        }
        expect([read, decoder.pendingBytes > 0]).toEqual([
          summary,
          summary === 'more' || summary === 'no frame',
        ])
      }
    })
  }
})

describe('a proxymap question', () => {
  const nul = (text: string) => text.replaceAll('|', '\0')

  test('asks for a table of mapgate, or for one with a type of its own, in the old dialect', () => {
    expect(String(proxymap.encodeRequest('t', Buffer.from('a b')))).toBe(
      nul('request|lookup|table|mapgate:t|flags|524352|key|a b||'),
    )
    expect(String(proxymap.encodeRequest('unix:passwd.byname', Buffer.from('')))).toBe(
      nul('request|lookup|table|unix:passwd.byname|flags|524352|key|||'),
    )
  })

  test('is not sent for a key with a NUL byte', () => {
    expect(proxymap.encodeRequest('t', Buffer.from('a\0b'))).toMatchObject({ kind: 'permanent' })
  })

  test('is asked again in the new dialect where the old one is not known, and then alone', () => {
    const again = (reply: string) =>
      proxymap.encodeAgain(Buffer.from(nul(reply)), 't', Buffer.from('a'))?.toString()
    expect(again('status|3|flags|0|value|||')).toBe(
      nul('request|lookup|table|mapgate:t|instance_flags|524352|flags|524352|key|a||'),
    )
    for (const status of [0, 1, 2, 4, 5]) expect(again(`status|${status}|value|||`)).toBe(undefined)
  })

  const replies: [wire: string, summary: string][] = [
    ['status|0|value|a b||', 'found a b'],
    ['status|0|flags|16|value|a||', 'found a'],
    ['protocol|proxymap_protocol||status|0|value|a||', 'found a'],
    ['status|1|value|||', 'notfound'],
    ['status|2|value|||', 'temporary service the server says: try again later'],
    ['status|3|value|||', 'permanent bad-request the server says that the request is bad (BAD)'],
    [
      'status|4|value|||',
      'permanent refused the server refuses access to this table (DENY); see its proxy_read_maps',
    ],
    ['status|5|value|||', 'permanent refused the server says that the table is set up wrongly (CONFIG)'],
    [
      'status|6|value|||',
      'temporary unreadable the server sent a reply that is not of the proxymap protocol',
    ],
    ['value|a||', 'temporary unreadable the server sent a reply that is not of the proxymap protocol'],
    ['status|0||', 'temporary unreadable the server sent a reply that is not of the proxymap protocol'],
    [
      'status|0|value|||',
      'temporary unreadable the server sent an empty result, which Postfix does not accept',
    ],
    ['status|0|value|\xff||', 'temporary unreadable the server sent a result that is not UTF-8'],
  ]
  for (const [wire, summary] of replies) {
    test(`${JSON.stringify(wire)} is ${summary}, wherever it is cut`, () => {
      for (const chunks of chunkings(bytesOf(nul(wire)))) {
        const decoder = proxymap.createDecoder()
        const read: string[] = []
        for (const chunk of chunks) {
          decoder.push(chunk)
          for (let step = decoder.read(); step.kind === 'frame'; step = decoder.read())
            read.push(summaryOf(proxymap.parseReply(step.payload)))
        }
        expect([read, decoder.pendingBytes]).toEqual([[summary], 0])
      }
    })
  }
})

/** `\xff` stands for that byte; everything else is UTF-8. */
function bytesOf(text: string): Buffer {
  return Buffer.concat([...text].map((char) => (char === '\xff' ? Buffer.from([0xff]) : Buffer.from(char))))
}

function summaryOf(result: LookupResult): string {
  if (result.kind === 'found') return `found ${result.value}`
  return result.kind === 'notfound' ? 'notfound' : `${result.kind} ${result.cause} ${result.reason}`
}
