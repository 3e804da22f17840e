/**
 * Bytes, cuts, streams and results for the laws of the codecs, and how long each law is tried.
 */
import fc from 'fast-check'
import { vi } from 'vitest'
import { found, type LookupResult, notFound, permanent, temporary } from '../../src/core/result.ts'
import { lineFrame, netstringFrame } from '../support/wire/transcript.ts'

const seconds = Number(process.env.MAPGATE_TEST_SECONDS ?? 0)
vi.setConfig({ testTimeout: 60_000 + seconds * 1000 })

/** @param properties In the file: they share the time of a longer run. */
export function runsOf(properties: number): Pick<fc.Parameters, 'numRuns' | 'interruptAfterTimeLimit'> {
  return seconds > 0
    ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: (seconds * 1000) / properties }
    : { numRuns: 2000 }
}

export const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array))
export const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 })
/** Streams that come close to the protocols, so that mutations reach every branch. */
export const stream = fc
  .array(
    fc.oneof(
      bytes,
      bytes.map(netstringFrame),
      bytes.map(lineFrame),
      fc
        .constantFrom(
          'request\0lookup\0',
          'table\0mapgate:t\0',
          'flags\x000\0',
          'instance_flags\x000\0',
          'key\0a\0',
          '\0',
          '\0\0',
          'set t/a 0 0 3\r\n',
          'set t/a 0 0 99999999\r\n',
          'get t/a\r\n',
          'delete t/',
          '1:',
          ':',
          ',',
          '\n',
          'get ',
          'put ',
          '%',
          '00',
          '9999999',
          '-',
        )
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts))
export const text = fc.string({ unit: 'binary', maxLength: 300 })

export const result: fc.Arbitrary<LookupResult> = fc.oneof(
  text.map(found),
  fc.integer({ min: 4000, max: 4200 }).map((length) => found('v'.repeat(length))),
  fc.integer({ min: 49_990, max: 50_010 }).map((length) => found('é'.repeat(length))),
  fc.constant(notFound()),
  text.map((reason) => temporary('connect', reason)),
  text.map((reason) => temporary('timeout', reason)),
  text.map((reason) => permanent('refused', reason)),
)
