/**
 * Reads a whole cache file: first every check, then the entries. So a damaged file leaves nothing behind.
 */
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
  readonly payload: Buffer
}

/** Takes the entries of one table, one after the other; the object is the same each time. */
export type EntrySink = (entry: EntryReader) => void

/** A checked file. */
export class CacheFileReader {
  /** Wall clock when the file was begun, ms. */
  readonly savedWallMs: number
  readonly #blocks: readonly Block[]

  /** @throws CacheFileError for a file that is not ours, of another version, damaged or cut off. */
  constructor(bytes: Buffer) {
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new CacheFileError('it is no cache file')
    const version = bytes.length < PREAMBLE_BYTES ? 0 : bytes.readUInt16LE(MAGIC.length)
    if (version !== VERSION) throw new CacheFileError(`it has version ${version}, not ${VERSION}`)
    this.#blocks = checkedBlocks(bytes)
    const start = this.#blocks[0]
    const end = this.#blocks.at(-1)
    if (start?.kind !== BLOCK.start || start.payload.length !== 8)
      throw new CacheFileError('its start is missing')
    if (end?.kind !== BLOCK.end || end.payload.length !== 4) throw new CacheFileError('its end is missing')
    this.savedWallMs = start.payload.readDoubleLE()
    if (!Number.isFinite(this.savedWallMs)) throw new CacheFileError('it has no date')
  }

  /**
   * Reads every entry.
   *
   * @param sinkFor Says who takes the entries of a table.
   * @throws RangeError where a block contradicts itself.
   */
  read(sinkFor: (table: string, fingerprint: string) => EntrySink): void {
    const entry = new EntryReader()
    let sink: EntrySink = () => {}
    for (const { kind, payload } of this.#blocks) {
      const cursor = new Cursor(payload)
      if (kind === BLOCK.table) sink = sinkFor(cursor.shortText(), cursor.shortText())
      if (kind !== BLOCK.entries) continue
      while (!cursor.atEnd) {
        entry.read(cursor)
        sink(entry)
      }
    }
  }
}

/** Splits a file into blocks and checks each. */
function checkedBlocks(bytes: Buffer): Block[] {
  const blocks: Block[] = []
  let at = PREAMBLE_BYTES
  while (at < bytes.length) {
    const start = at + BLOCK_HEADER_BYTES
    if (start > bytes.length) throw new CacheFileError('it is cut off')
    const kind = bytes.readUInt8(at)
    const end = start + bytes.readUInt32LE(at + 1)
    if (end > bytes.length) throw new CacheFileError('it is cut off')
    const payload = bytes.subarray(start, end)
    if (crc32(payload, kind) !== bytes.readUInt32LE(at + 5)) throw new CacheFileError('a checksum is wrong')
    blocks.push({ kind, payload })
    at = end
  }
  return blocks
}
