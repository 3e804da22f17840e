/**
 * Reads a cache file twice, block by block: first every check, then the entries. So a damaged file leaves
 * nothing behind, and the memory for it is that of one block. Between any two blocks the caller may do something else.
 */
import { fstatSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import {
  BLOCK,
  BLOCK_HEADER_BYTES,
  Cursor,
  EntryReader,
  MAGIC,
  PREAMBLE_BYTES,
  VERSION,
} from './cache-file-format.ts'

/** Why a file was not read: a sentence end for the warning. */
export class CacheFileError extends Error {
  readonly code = 'MAPGATE_ERR_CACHE_FILE'
}

interface Block {
  readonly kind: number
  /** Valid until the next block is read. */
  readonly payload: Buffer
}

/** Size of the buffer that blocks are read into, bytes: a slice of the writer; a longer block gets one of its own. */
const USUAL_BLOCK_BYTES = 128 * 1024

/** Takes the entries of one table, one after the other; the object is the same each time. */
type EntrySink = (entry: EntryReader) => void

export class CacheFileReader {
  readonly #fd: number

  /** @param fd Open until the entries are read. */
  constructor(fd: number) {
    this.#fd = fd
  }

  /**
   * Checks the whole file; yields after each block.
   *
   * @returns Wall clock when the file was begun, ms.
   * @throws CacheFileError for a file that is not ours, of another version, damaged or cut off;
   *   the error of the file system when it cannot be read.
   */
  *check(): Generator<void, number> {
    const fd = this.#fd
    const begin = Buffer.alloc(PREAMBLE_BYTES)
    const length = readAt(fd, begin, 0)
    if (!begin.subarray(0, MAGIC.length).equals(MAGIC)) throw new CacheFileError('it is not a cache file')
    const version = length < PREAMBLE_BYTES ? 0 : begin.readUInt16LE(MAGIC.length)
    if (version !== VERSION) throw new CacheFileError(`it has version ${version}, not ${VERSION}`)
    let savedWallMs: number | undefined
    let last: number | undefined
    for (const { kind, payload } of checkedBlocks(fd)) {
      if (last === undefined && kind === BLOCK.start && payload.length === 8)
        savedWallMs = payload.readDoubleLE()
      last = kind === BLOCK.end && payload.length !== 4 ? undefined : kind
      yield
    }
    if (savedWallMs === undefined) throw new CacheFileError('its start is missing')
    if (last !== BLOCK.end) throw new CacheFileError('its end is missing')
    if (!Number.isFinite(savedWallMs)) throw new CacheFileError('it has no date')
    return savedWallMs
  }

  /**
   * Reads every entry of a checked file; yields after each block.
   *
   * @param sinkFor Says who takes the entries of a table.
   * @throws RangeError where a block contradicts itself; CacheFileError when the file has changed since.
   */
  *read(sinkFor: (table: string, fingerprint: string) => EntrySink): Generator<void> {
    const entry = new EntryReader()
    let sink: EntrySink = () => {}
    for (const { kind, payload } of checkedBlocks(this.#fd)) {
      const cursor = new Cursor(payload)
      if (kind === BLOCK.table) sink = sinkFor(cursor.shortText(), cursor.shortText())
      if (kind !== BLOCK.entries) continue
      while (!cursor.atEnd) {
        entry.read(cursor)
        sink(entry)
      }
      yield
    }
  }
}

/** Splits a file into blocks and checks each. */
function* checkedBlocks(fd: number): Generator<Block> {
  const { size } = fstatSync(fd)
  const header = Buffer.alloc(BLOCK_HEADER_BYTES)
  let buffer = Buffer.allocUnsafeSlow(USUAL_BLOCK_BYTES)
  let at = PREAMBLE_BYTES
  while (at < size) {
    if (readAt(fd, header, at) < BLOCK_HEADER_BYTES) throw new CacheFileError('it is cut off')
    const kind = header.readUInt8(0)
    const length = header.readUInt32LE(1)
    at += BLOCK_HEADER_BYTES
    if (at + length > size) throw new CacheFileError('it is cut off')
    if (length > buffer.length) buffer = Buffer.allocUnsafeSlow(length)
    const payload = buffer.subarray(0, length)
    if (readAt(fd, payload, at) < length) throw new CacheFileError('it is cut off')
    if (crc32(payload, kind) !== header.readUInt32LE(5)) throw new CacheFileError('a checksum is wrong')
    yield { kind, payload }
    at += length
  }
}

/** Fills `bytes` from a place in the file, and returns how many there were: fewer at the end of the file. */
function readAt(fd: number, bytes: Buffer, position: number): number {
  let length = 0
  while (length < bytes.length) {
    const count = readSync(fd, bytes, length, bytes.length - length, position + length)
    if (count === 0) break
    length += count
  }
  return length
}
