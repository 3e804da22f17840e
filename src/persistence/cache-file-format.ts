/**
 * The bytes of a cache file.
 *
 *   file    = "mapgate-cache" LF  version(2)  block*
 *   block   = kind(1)  length(4)  crc32(4)  payload(length)
 *   payload = start    wallMs(8)                              once, first
 *           | table    name(2+n)  fingerprint(2+n)            what follows belongs to it
 *           | entries  entry*
 *           | end      count(4)                               once, last: nothing is missing
 *   entry   = flags(1) endpoint(1) ageMs(8) foundForMs(8) lifetimeMs(8) swrMs(8) sieMs(8)
 *             key(2+n) value(4+n) [etag(2+n)] [lastModified(2+n)]
 *
 * Numbers are little-endian, times are doubles, texts are UTF-8 behind their length in bytes. No I/O here.
 */
import { crc32 } from 'node:zlib'
import type { NewAnswer } from '../core/cache/answer-store.ts'
import type { Freshness } from '../core/cache/freshness.ts'
import type { Validators } from '../core/upstream.ts'

export const MAGIC = Buffer.from('mapgate-cache\n', 'latin1')

/** Raised with each change of the layout; a file of another version is not read. */
export const VERSION = 2

/** Bytes before the first block. */
export const PREAMBLE_BYTES = MAGIC.length + 2

export const BLOCK_HEADER_BYTES = 9

export const BLOCK = Object.freeze({ start: 1, table: 2, entries: 3, end: 4 })

type BlockKind = (typeof BLOCK)[keyof typeof BLOCK]

/** One stored answer. */
export interface FileEntry {
  readonly storeKey: string
  /** Undefined for "not found". */
  readonly value: string | undefined
  readonly endpoint: number
  /** When it was written, ms. */
  readonly ageMs: number
  /** Time since which the key is found without a break when it was written, ms. */
  readonly foundForMs: number
  /** The service was known to be sane (canary) when it answered. */
  readonly confirmedByCanary: boolean
  readonly freshnessLifetimeMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly etag: string | undefined
  readonly lastModified: string | undefined
}

const NEGATIVE = 1
const HAS_ETAG = 2
const HAS_LAST_MODIFIED = 4
/** Key and value are ASCII, which reads the same as Latin-1 and needs no decoder; files may lack it. */
const IS_ASCII = 8
const CONFIRMED_BY_CANARY = 16

/** Bytes of an entry before its key: flags, endpoint, five times. */
const ENTRY_START_BYTES = 1 + 1 + 5 * 8

/** Most bytes of an entry without its texts: its start and four lengths. */
const ENTRY_FIXED_BYTES = ENTRY_START_BYTES + 2 + 4 + 2 + 2

/** UTF-8 bytes that a UTF-16 unit can take. */
const UTF8_BYTES_PER_UNIT = 3

/** Longest text with a length of two bytes, in bytes; an entry with a longer one is not written. */
const MAX_SHORT_TEXT = 0xffff

export function preamble(): Buffer {
  const bytes = Buffer.alloc(PREAMBLE_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt16LE(VERSION, MAGIC.length)
  return bytes
}

export function block(kind: BlockKind, payload: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_BYTES)
  header.writeUInt8(kind, 0)
  header.writeUInt32LE(payload.length, 1)
  header.writeUInt32LE(crc32(payload, kind), 5)
  return Buffer.concat([header, payload])
}

export function startBlock(wallMs: number): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeDoubleLE(wallMs)
  return block(BLOCK.start, payload)
}

export function tableBlock(name: string, fingerprint: string): Buffer {
  return block(BLOCK.table, Buffer.concat([shortText(name), shortText(fingerprint)]))
}

export function endBlock(count: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32LE(count)
  return block(BLOCK.end, payload)
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16LE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Returns whether the texts of an entry fit their lengths. */
export function fits(entry: FileEntry): boolean {
  const longest = Math.max(entry.storeKey.length, entry.etag?.length ?? 0, entry.lastModified?.length ?? 0)
  return longest * UTF8_BYTES_PER_UNIT <= MAX_SHORT_TEXT
}

/** Most bytes that {@link writeEntry} can need. */
export function maxEntryBytes(entry: FileEntry): number {
  const units =
    entry.storeKey.length +
    (entry.value?.length ?? 0) +
    (entry.etag?.length ?? 0) +
    (entry.lastModified?.length ?? 0)
  return ENTRY_FIXED_BYTES + units * UTF8_BYTES_PER_UNIT
}

/** Writes an entry, and returns the offset behind it. There must be {@link maxEntryBytes} of room. */
export function writeEntry(bytes: Buffer, at: number, entry: FileEntry): number {
  bytes[at + 1] = Math.min(entry.endpoint, 0xff)
  bytes.writeDoubleLE(entry.ageMs, at + 2)
  bytes.writeDoubleLE(entry.foundForMs, at + 10)
  bytes.writeDoubleLE(entry.freshnessLifetimeMs, at + 18)
  bytes.writeDoubleLE(entry.staleWhileRevalidateMs, at + 26)
  bytes.writeDoubleLE(entry.staleIfErrorMs, at + 34)
  let end = writeShortText(bytes, at + ENTRY_START_BYTES, entry.storeKey)
  const { storeKey, value = '' } = entry
  const valueBytes = bytes.write(value, end + 4)
  bytes.writeUInt32LE(valueBytes, end)
  end += 4 + valueBytes
  // Only ASCII takes as many bytes as it has UTF-16 units.
  const isAscii = end - at === ENTRY_START_BYTES + 2 + storeKey.length + 4 + value.length
  bytes[at] =
    (entry.value === undefined ? NEGATIVE : 0) |
    (entry.etag === undefined ? 0 : HAS_ETAG) |
    (entry.lastModified === undefined ? 0 : HAS_LAST_MODIFIED) |
    (isAscii ? IS_ASCII : 0) |
    (entry.confirmedByCanary ? CONFIRMED_BY_CANARY : 0)
  if (entry.etag !== undefined) end = writeShortText(bytes, end, entry.etag)
  if (entry.lastModified !== undefined) end = writeShortText(bytes, end, entry.lastModified)
  return end
}

function writeShortText(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 2)
  bytes.writeUInt16LE(length, at)
  return at + 2 + length
}

/** How the bytes of a text are read: `latin1` for what is known to be ASCII. */
type TextEncoding = 'latin1' | 'utf8'

/** Reads texts and numbers one after the other. Reading past the end throws a RangeError. */
export class Cursor {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0
  /** Bytes of the texts read so far. */
  textBytes = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), true)
  }

  shortText(encoding: TextEncoding = 'utf8'): string {
    return this.#text(this.#view.getUint16(this.#advance(2), true), encoding)
  }

  longText(encoding: TextEncoding): string {
    return this.#text(this.#view.getUint32(this.#advance(4), true), encoding)
  }

  #text(length: number, encoding: TextEncoding): string {
    const start = this.#advance(length)
    if (this.#at > this.#bytes.length) throw new RangeError('a text goes past the end of its block')
    this.textBytes += length
    return this.#bytes.toString(encoding, start, this.#at)
  }

  #advance(count: number): number {
    const start = this.#at
    this.#at += count
    return start
  }
}

/** Room for one entry, filled again and again: a million of them would be a second of garbage collection. */
export class EntryReader implements FileEntry, NewAnswer {
  storeKey = ''
  value: string | undefined = undefined
  endpoint = 0
  ageMs = 0
  foundForMs = 0
  confirmedByCanary = false
  freshnessLifetimeMs = 0
  staleWhileRevalidateMs = 0
  staleIfErrorMs = 0
  etag: string | undefined = undefined
  lastModified: string | undefined = undefined
  /** Known of ASCII, which V8 holds in as many bytes as the file. */
  textBytes: number | undefined = 0

  /** The windows are its own. */
  get freshness(): Freshness {
    return this
  }

  get validators(): Validators {
    return this
  }

  /** Reads the next entry; throws a RangeError when its block ends too early. */
  read(cursor: Cursor): void {
    const before = cursor.textBytes
    const flags = cursor.byte()
    this.endpoint = cursor.byte()
    this.ageMs = cursor.double()
    this.foundForMs = cursor.double()
    this.confirmedByCanary = (flags & CONFIRMED_BY_CANARY) !== 0
    this.freshnessLifetimeMs = cursor.double()
    this.staleWhileRevalidateMs = cursor.double()
    this.staleIfErrorMs = cursor.double()
    const encoding = flags & IS_ASCII ? 'latin1' : 'utf8'
    this.storeKey = cursor.shortText(encoding)
    const value = cursor.longText(encoding)
    this.value = flags & NEGATIVE ? undefined : value
    this.etag = flags & HAS_ETAG ? cursor.shortText() : undefined
    this.lastModified = flags & HAS_LAST_MODIFIED ? cursor.shortText() : undefined
    this.textBytes = flags & IS_ASCII ? cursor.textBytes - before : undefined
  }
}
