/**
 * Lists that are not taken over, each with the reason that is told.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Behaviour } from '../../support/http/http-service.ts'

/** What the copy in use was made of. */
export const FIVE = Array.from({ length: 5 }, (_, at) => ({
  address: `u${at}@a.example`,
  mailbox: `a/${at}/`,
}))
export const LIST = JSON.stringify(FIVE)
export const JSON_TYPE = { 'content-type': 'application/json' }

/** Sends these bytes, and the length of the whole. */
export function raw(body: string | Buffer, head: string): Behaviour {
  return {
    act: 'raw',
    bytes: Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), Buffer.from(body)]),
  }
}

export const more = (...entries: unknown[]): Behaviour => ({ json: [...FIVE, ...entries] })

/** @param settings Further keys of `replica`. */
export const BAD_LISTS: [name: string, list: Behaviour, reason: string, settings?: string][] = [
  [
    'a value that nothing can use where the table is used',
    more({ address: 'u5@a.example', mailbox: 'unavailable' }),
    "entry 6 of the list: the service's value makes no sense to Postfix where this table is used; see usedBy",
  ],
  [
    'a 404',
    { status: 404 },
    'the list route answered 404; it must answer 200, or 304 to a conditional request',
  ],
  [
    'a 204',
    { status: 204 },
    'the list route answered 204; it must answer 200, or 304 to a conditional request',
  ],
  [
    'a redirect',
    { status: 302, headers: { location: '/other' } },
    'the list route answered 302; it must answer 200, or 304 to a conditional request',
  ],
  [
    'a 304 without a condition',
    { status: 304 },
    'the list route answered 304; it must answer 200, or 304 to a conditional request',
  ],
  ['a refusal', { status: 401 }, 'the list route answered 401; look at the credentials for it'],
  [
    'a web page',
    { text: '<!DOCTYPE html><p>error', headers: { 'content-type': 'text/html' } },
    'the list route answered with a web page',
  ],
  [
    'a web page that calls itself JSON',
    { text: '<html><p>error', headers: JSON_TYPE },
    'the list route answered with a web page',
  ],
  [
    'a type that says nothing',
    { text: LIST, headers: { 'content-type': 'application/octet-stream' } },
    'the content type of the list says nothing about its format; write replica.format',
  ],
  [
    'an end by the end of the connection',
    raw(LIST, 'content-type: application/json\r\nconnection: close'),
    'the list has no content-length and is not chunked, so it may be incomplete',
  ],
  [
    'no JSON',
    { text: 'ann@a.example', headers: JSON_TYPE },
    'the list cannot be read as JSON, at or before entry 1',
  ],
  [
    'other content',
    { json: { error: 'down for maintenance' } },
    'entry 1 of the list has no text where replica.key points',
  ],
  [
    'a list of something else, without the canary',
    { json: [{ address: 'x@b.example', mailbox: 'x' }] },
    "the list lacks the canary's key",
  ],
  [
    'a duplicate key',
    more({ address: 'u1@a.example', mailbox: 'other/' }),
    'entry 6 of the list has the key of another entry',
  ],
  [
    'a key that differs in case only',
    more({ address: 'U1@A.example', mailbox: 'other/' }),
    'entry 6 of the list has the key of another entry',
  ],
  [
    'an empty key',
    more({ address: '', mailbox: 'x' }),
    'entry 6 of the list has a key that cannot be asked for: empty',
  ],
  [
    'a key with a line end',
    more({ address: 'a\nb', mailbox: 'x' }),
    'entry 6 of the list has a key that cannot be asked for: control bytes',
  ],
  [
    'a key of 1025 bytes',
    more({ address: 'a'.repeat(1025), mailbox: 'x' }),
    'entry 6 of the list has a key that cannot be asked for: too long',
  ],
  [
    'a key with a blank at its end',
    more({ address: 'u5@a.example ', mailbox: 'x' }),
    'entry 6 of the list has a key that cannot be asked for: a blank at its beginning or end',
  ],
  [
    'a key with half a character',
    { text: `${LIST.slice(0, -1)},{"address":"\\ud800@a.example","mailbox":"x"}]`, headers: JSON_TYPE },
    'entry 6 of the list has a key that cannot be asked for: half a character (a lone surrogate)',
  ],
  [
    'an error message with status 200',
    { text: LIST, headers: { 'content-type': 'application/problem+json; charset=utf-8' } },
    'the list route answered 200 with an error message, application/problem+json',
  ],
  [
    'a value with a line end',
    more({ address: 'x@a.example', mailbox: 'a\nb' }),
    "entry 6 of the list: the service's reply has control characters in a value",
  ],
  [
    'a value that is an object',
    more({ address: 'x@a.example', mailbox: {} }),
    "entry 6 of the list: the service's reply has a value that is neither text nor a plain number",
  ],
  [
    'a list that is endless',
    { act: 'large', bytes: 5_000_000, announced: false },
    'the list has an entry larger than 1 MiB, at or after entry 0',
  ],
  [
    'a list that is too large',
    { text: `${LIST}${' '.repeat(3000)}`, headers: JSON_TYPE },
    'the list is larger than 2048 bytes; see replica.maxBytes',
    'maxBytes: 2KiB',
  ],
  [
    'a list that unpacks to too much',
    {
      body: gzipSync(`${LIST}${' '.repeat(10_000_000)}`),
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    },
    'the list is larger than 2048 bytes; see replica.maxBytes',
    'maxBytes: 2KiB',
  ],
  [
    'too many entries',
    more({ address: 'x@a.example', mailbox: 'x' }),
    'the list has more than 5 entries; see replica.maxEntries',
    'maxEntries: 5',
  ],
  [
    'a list that is too slow',
    { act: 'drip', everyMs: 50 },
    'the list was not complete within 1 s; see replica.timeout',
    'timeout: 1s',
  ],
  ['silence', { act: 'silence' }, 'the list was not complete within 1 s; see replica.timeout', 'timeout: 1s'],
  ['a reset', { act: 'reset' }, 'the service closed the connection without a complete reply'],
  [
    'a reset in the body',
    { act: 'reset-in-body' },
    'the service closed the connection without a complete reply',
  ],
  [
    'a compression that nobody asked for',
    { text: LIST, headers: { ...JSON_TYPE, 'content-encoding': 'zstd' } },
    'the list is compressed in a way that was not asked for',
  ],
  [
    'what is no gzip',
    { text: LIST, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
    'the compressed list is broken or cut',
  ],
  [
    'a gzip that is cut',
    { body: gzipSync(LIST).subarray(0, -4), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
    'the compressed list is broken or cut',
  ],
  [
    'a br that is cut',
    { body: brotliCompressSync(LIST).subarray(0, -4), headers: { ...JSON_TYPE, 'content-encoding': 'br' } },
    'the compressed list is broken or cut',
  ],
  [
    'pages in a circle',
    { json: FIVE, headers: { link: '</mailboxes>; rel="next"' } },
    'the pages of the list lead back to an earlier one',
    'next: link',
  ],
  [
    'a page of somebody else',
    { json: FIVE, headers: { link: '<http://127.0.0.1:1/>; rel="next"' } },
    'the next page of the list is at another origin, or is not a URL',
    'next: link',
  ],
  [
    'a page that was read already under another name',
    ({ url }) => ({
      json: FIVE,
      headers: { link: url.includes('page') ? '' : '</mailboxes?page=2>; rel="next"' },
    }),
    'entry 6 of the list has the key of another entry',
    'next: link',
  ],
  ['a list without entries', { json: [] }, "the list lacks the canary's key"],
]
