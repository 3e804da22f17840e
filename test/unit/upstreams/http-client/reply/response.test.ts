import { describe, expect, test } from 'vitest'
import {
  cachingOf,
  type HeaderFields,
  isFramed,
  isHtml,
  isIdentity,
  mediaType,
  retryAfterMs,
  validatorsOf,
} from '../../../../../src/upstreams/http-client/reply/response.ts'

const NOW_MS = Date.UTC(2026, 0, 1)

describe('Retry-After', () => {
  const cases: [text: string | undefined, expected: number | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['120', 120_000],
    ['86400', 86_400_000],
    ['86401', 86_401_000],
    ['99999999999999999999', 1e23],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-01-01', undefined],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['Thu, nonsense', undefined],
  ]
  for (const [text, expected] of cases) {
    test(`${JSON.stringify(text)} asks for a pause of ${expected} ms`, () => {
      const headers = text === undefined ? {} : { 'retry-after': text }
      expect(retryAfterMs(headers, NOW_MS)).toBe(expected)
    })
  }
})

describe('validators', () => {
  const cases: [headers: Record<string, string>, expected: object | undefined][] = [
    [{}, undefined],
    [{ etag: '"v1"' }, { etag: '"v1"' }],
    [
      { etag: 'W/"v 1"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      { etag: 'W/"v 1"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' },
    ],
    [{ etag: '"ü"' }, undefined],
    [{ etag: `"${'x'.repeat(254)}"` }, { etag: `"${'x'.repeat(254)}"` }],
    [{ etag: `"${'x'.repeat(255)}"` }, undefined],
  ]
  for (const [headers, expected] of cases) {
    test(`${JSON.stringify(headers).slice(0, 60)} can ${expected === undefined ? 'not ' : ''}be sent back`, () => {
      expect(validatorsOf(headers)).toStrictEqual(expected)
    })
  }
})

test('caching fields are kept as received, repeated ones joined', () => {
  expect(cachingOf({ 'content-type': 'text/plain' })).toBeUndefined()
  expect(
    cachingOf({
      'cache-control': ['max-age=1', 'private'],
      expires: '0',
      age: '1',
      date: 'x',
      vary: 'Accept',
    }),
  ).toStrictEqual({ cacheControl: 'max-age=1, private', expires: '0', age: '1', date: 'x', vary: 'Accept' })
})

test('a media type has no parameters and no case', () => {
  expect(mediaType({ 'content-type': 'Application/JSON ; charset=utf-8' })).toBe('application/json')
  expect(mediaType({})).toBe('')
})

test('only identity is the coding that was asked for', () => {
  expect(
    [undefined, '', 'Identity', 'gzip', 'identity, gzip'].map((coding) =>
      isIdentity(coding === undefined ? {} : { 'content-encoding': coding }),
    ),
  ).toStrictEqual([true, true, true, false, false])
})

describe('the end of a body', () => {
  const cases: [status: number, headers: HeaderFields, expected: boolean][] = [
    [200, { 'content-length': '0' }, true],
    [204, {}, true],
    [200, {}, false],
    [200, { 'transfer-encoding': 'chunked' }, true],
    [200, { 'transfer-encoding': 'gzip, Chunked ' }, true],
    [200, { 'transfer-encoding': ['gzip', 'chunked'] }, true],
    [200, { 'transfer-encoding': 'identity' }, false],
    [200, { 'transfer-encoding': 'gzip' }, false],
    [200, { 'transfer-encoding': 'unchunked' }, false],
  ]
  for (const [status, headers, expected] of cases) {
    test(`of a ${status} with ${JSON.stringify(headers)} is ${expected ? '' : 'not '}known`, () => {
      expect(isFramed({ status, headers, body: Buffer.alloc(0) })).toBe(expected)
    })
  }
})

describe('a web page', () => {
  const cases: [type: string, body: string, expected: boolean][] = [
    ['text/html; charset=utf-8', '', true],
    ['application/xhtml+xml', '', true],
    ['', '<!DOCTYPE html>', true],
    ['text/plain', ' \n<HTML lang="en">', true],
    ['', '<body>', true],
    ['', '<bodyguard@a.example>', false],
    ['text/plain', '404 page not found', false],
    ['application/json', '{}', false],
  ]
  for (const [type, body, expected] of cases) {
    test(`${JSON.stringify(type)} with ${JSON.stringify(body)}: ${expected}`, () => {
      const response = { status: 404, headers: { 'content-type': type }, body: Buffer.from(body) }
      expect(isHtml(response)).toBe(expected)
    })
  }
})
