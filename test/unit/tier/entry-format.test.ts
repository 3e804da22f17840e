import { expect, test } from 'vitest'
import { decodeEntry, encodeEntry, usefulForMs } from '../../../src/tier/entry-format.ts'

const WINDOWS = { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 300_000, staleIfErrorMs: 86_400_000 }

/** Server ms. */
const NOW = 1_800_000_000_000

const ANSWER = {
  value: 'info@b.example',
  freshness: WINDOWS,
  ageMs: 5000,
  validators: { etag: '"1"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' },
  endpoint: 1,
  foundForMs: 90_000,
  confirmedByCanary: true,
}

function encoded(answer: object = {}): Buffer {
  const bytes = encodeEntry('mapgate:a:t:f:k', { ...ANSWER, ...answer }, NOW - 20, NOW)
  if (bytes === undefined) throw new Error('too long')
  return bytes
}

test('an answer comes back as it was, and older by the time since', () => {
  expect(decodeEntry('mapgate:a:t:f:k', encoded(), NOW + 1000)).toEqual({
    value: 'info@b.example',
    freshness: { freshnessLifetimeMs: 60_000, staleWhileRevalidateMs: 300_000, staleIfErrorMs: 86_400_000 },
    ageMs: 6000,
    validators: { etag: '"1"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' },
    endpoint: 1,
    foundForMs: 91_000,
    confirmedByCanary: true,
    askedAtMs: NOW - 20,
  })
  const gone = decodeEntry('mapgate:a:t:f:k', encoded({ value: undefined, validators: undefined }), NOW)
  expect(gone).toMatchObject({ value: undefined, validators: {} })
})

test('one of another name is none', () => {
  expect(decodeEntry('mapgate:a:t:f:other', encoded(), NOW)).toBeUndefined()
})

test('one that is over is none, to the millisecond', () => {
  expect(decodeEntry('mapgate:a:t:f:k', encoded(), NOW + 86_454_999)).toBeDefined()
  expect(decodeEntry('mapgate:a:t:f:k', encoded(), NOW + 86_455_000)).toBeUndefined()
  expect(usefulForMs(ANSWER)).toBe(86_455_000)
})

test('one from more than a second in the future is none', () => {
  const now = encoded({ ageMs: 0 })
  expect(decodeEntry('mapgate:a:t:f:k', now, NOW - 1000)).toMatchObject({ ageMs: 0 })
  expect(decodeEntry('mapgate:a:t:f:k', now, NOW - 1001)).toBeUndefined()
})

test('any byte changed or cut makes none of it', () => {
  const bytes = encoded()
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    expect(decodeEntry('mapgate:a:t:f:k', damaged, NOW), `byte ${at}`).toBeUndefined()
    expect(decodeEntry('mapgate:a:t:f:k', bytes.subarray(0, at), NOW), `cut at ${at}`).toBeUndefined()
  }
})

test('a value that no service may give is none here, either', () => {
  expect(decodeEntry('mapgate:a:t:f:k', encoded({ value: 'a\nb' }), NOW)).toBeUndefined()
  expect(decodeEntry('mapgate:a:t:f:k', encoded({ value: '' }), NOW)).toBeUndefined()
})

test('an answer of 128 KiB is shared, and none that is longer', () => {
  // Header 21, entry 42 and the lengths of its texts, name 15, validators 3 and 29.
  const room = 131_072 - (21 + 42 + 2 + 15 + 4 + 2 + 3 + 2 + 29)
  expect(encoded({ value: 'v'.repeat(room) }).length).toBe(131_072)
  expect(() => encoded({ value: 'v'.repeat(room + 1) })).toThrow('too long')
  expect(() => encoded({ value: 'v'.repeat(10_000_000) })).toThrow('too long')
})

test('the bytes are those of this version: with other ones the version is another, too', () => {
  expect(encoded().toString('hex')).toBe(
    '01355c438600c0fec485317a420080c7c385317a421e0100000000000000000000000080c0f44000000000004ced4000000000804f124100000000709994410f006d6170676174653a613a743a663a6b0e000000696e666f40622e6578616d706c6503002231221d005468752c203031204a616e20323032362030303a30303a303020474d54',
  )
})
