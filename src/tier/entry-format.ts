/**
 * The bytes of one answer in the shared store.
 *
 *   value = version(1)  crc32(4)  askedAtMs(8)  atMs(8)  entry
 *
 * `entry` is that of a cache file, with the name that it is stored under in the place of its key, so that a value that came to the
 * wrong name is no answer. Instants are ms on the clock of the store's server, as doubles; the checksum is of all behind it.
 * Whoever can write to the store can answer for the service: a checksum finds damage, and no forger.
 */
import { crc32 } from 'node:zlib'
import type { NewAnswer } from '../core/cache/answer-store.ts'
import { freshnessState } from '../core/cache/freshness.ts'
import { whyNoValue } from '../core/value/value-text.ts'
import {
  Cursor,
  EntryReader,
  type FileEntry,
  maxEntryBytes,
  writeEntry,
} from '../persistence/cache-file-format.ts'

/** Raised with each change of the layout; an entry of another version is no answer. */
const VERSION = 1

const HEADER_BYTES = 1 + 4 + 8 + 8

/** Longest entry that is shared, bytes. Ours: the longest reply of socketmap fits (100000 bytes). */
const MAX_ENTRY_BYTES = 131_072

/**
 * How far in the future an answer may have been given, ms: the clocks of gateway and server were compared at most two seconds
 * ago, to half a round trip. Ours. What is further ahead has an age that nobody knows.
 */
const MAX_AHEAD_MS = 1000

interface TierEntry extends NewAnswer {
  /** Server ms at which the question was asked that it answers. */
  readonly askedAtMs: number
}

/**
 * @param name What it is stored under.
 * @param askedAtMs Server ms.
 * @param nowMs Server ms.
 * @returns Undefined for what is too long to be shared.
 */
export function encodeEntry(
  name: string,
  answer: NewAnswer,
  askedAtMs: number,
  nowMs: number,
): Buffer | undefined {
  const {
    value,
    freshness,
    validators,
    endpoint = 0,
    ageMs,
    foundForMs = ageMs,
    confirmedByCanary = false,
  } = answer
  const entry: FileEntry = {
    storeKey: name,
    value,
    endpoint,
    ageMs: 0,
    foundForMs: Math.max(0, foundForMs - ageMs),
    confirmedByCanary,
    freshnessLifetimeMs: freshness.freshnessLifetimeMs,
    staleWhileRevalidateMs: freshness.staleWhileRevalidateMs,
    staleIfErrorMs: freshness.staleIfErrorMs,
    etag: validators?.etag,
    lastModified: validators?.lastModified,
  }
  const longest = HEADER_BYTES + maxEntryBytes(entry)
  if (longest > 3 * MAX_ENTRY_BYTES) return undefined
  const bytes = Buffer.allocUnsafe(longest)
  bytes[0] = VERSION
  bytes.writeDoubleLE(askedAtMs, 5)
  bytes.writeDoubleLE(nowMs - ageMs, 13)
  const end = writeEntry(bytes, HEADER_BYTES, entry)
  if (end > MAX_ENTRY_BYTES) return undefined
  bytes.writeUInt32LE(crc32(bytes.subarray(5, end)), 1)
  return Buffer.from(bytes.subarray(0, end))
}

/**
 * @param nowMs Server ms.
 * @returns The answer as old as it is now; undefined for what is damaged, of another version, of another name, from the future,
 *   or over.
 */
export function decodeEntry(name: string, bytes: Buffer, nowMs: number): TierEntry | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_ENTRY_BYTES || bytes[0] !== VERSION) return undefined
  if (bytes.readUInt32LE(1) !== crc32(bytes.subarray(5))) return undefined
  const entry = new EntryReader()
  try {
    entry.read(new Cursor(bytes.subarray(HEADER_BYTES)))
  } catch {
    return undefined // it ends too early
  }
  const aheadMs = bytes.readDoubleLE(13) - nowMs
  if (!(aheadMs <= MAX_AHEAD_MS) || entry.storeKey !== name) return undefined
  const ageMs = Math.max(0, -aheadMs)
  const { value, freshness, endpoint, confirmedByCanary, etag, lastModified } = entry
  if (value !== undefined && (value === '' || whyNoValue(value) !== undefined)) return undefined
  if (freshnessState(freshness, ageMs) === 'expired') return undefined
  return {
    value,
    freshness: {
      freshnessLifetimeMs: entry.freshnessLifetimeMs,
      staleWhileRevalidateMs: entry.staleWhileRevalidateMs,
      staleIfErrorMs: entry.staleIfErrorMs,
    },
    ageMs,
    validators: { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) },
    endpoint,
    foundForMs: ageMs + entry.foundForMs,
    confirmedByCanary,
    askedAtMs: bytes.readDoubleLE(5),
  }
}

/** How long an answer is of any use, ms from now. */
export function usefulForMs({ freshness, ageMs }: NewAnswer): number {
  const { freshnessLifetimeMs, staleWhileRevalidateMs, staleIfErrorMs } = freshness
  return Math.ceil(freshnessLifetimeMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs) - ageMs)
}
