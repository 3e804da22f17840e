/**
 * The client side of both codecs: the bytes of a question, and what a reply is taken for.
 */
import { describe, expect, test } from 'vitest'
import type { LookupResult } from '../../../src/core/result.ts'
import { socketmapClient as socketmap } from '../../../src/protocols/socketmap/client.ts'
import { tcpTableClient as tcpTable } from '../../../src/protocols/tcp-table/client.ts'

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

/** `\xff` stands for that byte; everything else is UTF-8. */
function bytesOf(text: string): Buffer {
  return Buffer.concat([...text].map((char) => (char === '\xff' ? Buffer.from([0xff]) : Buffer.from(char))))
}

function summaryOf(result: LookupResult): string {
  if (result.kind === 'found') return `found ${result.value}`
  return result.kind === 'notfound' ? 'notfound' : `${result.kind} ${result.cause} ${result.reason}`
}
