/**
 * Writes a cache file beside the old one, and puts it in its place when it is complete.
 *
 * The answers are taken from the stores in slices between writes, so a million of them do not
 * hold up a lookup. It holds addresses: only the owner may read it.
 */
import type { Stats } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { AnswerStore } from '../core/cache/answer-store.ts'
import { freshnessState } from '../core/cache/freshness.ts'
import type { StoredAnswer } from '../core/cache/stored-answer.ts'
import type { Clock } from '../core/clock.ts'
import { codeOf } from '../core/system/error-code.ts'
import {
  BLOCK,
  block,
  endBlock,
  type FileEntry,
  fits,
  maxEntryBytes,
  preamble,
  startBlock,
  tableBlock,
  writeEntry,
} from './cache-file-format.ts'

/** Permission bits of the file. Ours: answers are personal data, and nobody else needs them. */
const FILE_MODE = 0o600

/** Size of one slice, bytes. Ours: about 1000 answers, encoded in about a millisecond. */
const SLICE_BYTES = 128 * 1024

/** Answers that are passed over in one piece, expired ones for the most part. Ours: about half a millisecond. */
const MAX_PASSED_OVER = 2000

/** The path leads to a pipe, a socket or a device, which a file must not replace. */
export class NotAFileError extends Error {}

/** A table whose answers are kept. */
export interface CacheFileTable {
  readonly name: string
  readonly fingerprint: string
  readonly store: AnswerStore
}

/**
 * Writes every answer that can still be used.
 *
 * @returns How many.
 * @throws NotAFileError, or the error of the file system; the unfinished file is removed.
 */
export async function writeCacheFile(
  path: string,
  tables: readonly CacheFileTable[],
  clock: Clock,
): Promise<number> {
  if (await isTaken(path)) throw new NotAFileError()
  const unfinished = `${path}.tmp`
  await rm(unfinished, { force: true })
  const file = await open(unfinished, 'wx', FILE_MODE)
  try {
    let count: number
    try {
      count = await writeTables(file, tables, clock)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
    await syncDirectory(dirname(path))
    return count
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** Returns whether it is something that is not read, and not replaced by a file; a folder refuses both itself. */
export function isNoFile(stats: Stats): boolean {
  return !stats.isFile() && !stats.isDirectory()
}

async function isTaken(path: string): Promise<boolean> {
  try {
    return isNoFile(await stat(path))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

async function writeTables(
  file: FileHandle,
  tables: readonly CacheFileTable[],
  clock: Clock,
): Promise<number> {
  // Ages count from here: an answer written later is taken for a little too old, never too young.
  await file.writeFile(Buffer.concat([preamble(), startBlock(clock.wallMs())]))
  let count = 0
  for (const { name, fingerprint, store } of tables) {
    await file.writeFile(tableBlock(name, fingerprint))
    let slice = Buffer.allocUnsafe(SLICE_BYTES)
    let used = 0
    let passedOver = 0
    for (const [storeKey, answer] of store.entries()) {
      const ageMs = store.ageMs(answer)
      const isExpired = freshnessState(answer, ageMs) === 'expired'
      const entry = isExpired ? undefined : fileEntry(storeKey, answer, ageMs, store.foundForMs(answer))
      if (entry === undefined || !fits(entry)) {
        if (++passedOver % MAX_PASSED_OVER === 0) await setImmediate()
        continue
      }
      if (used > 0 && used + maxEntryBytes(entry) > slice.length) {
        await file.writeFile(block(BLOCK.entries, slice.subarray(0, used)))
        used = 0
      }
      if (maxEntryBytes(entry) > slice.length) slice = Buffer.allocUnsafe(maxEntryBytes(entry))
      used = writeEntry(slice, used, entry)
      count++
    }
    if (used > 0) await file.writeFile(block(BLOCK.entries, slice.subarray(0, used)))
  }
  await file.writeFile(endBlock(count))
  return count
}

function fileEntry(storeKey: string, answer: StoredAnswer, ageMs: number, foundForMs: number): FileEntry {
  return {
    storeKey,
    value: answer.value,
    endpoint: answer.endpoint,
    ageMs,
    foundForMs,
    confirmedByCanary: answer.confirmedByCanary,
    freshnessLifetimeMs: answer.freshnessLifetimeMs,
    staleWhileRevalidateMs: answer.staleWhileRevalidateMs,
    staleIfErrorMs: answer.staleIfErrorMs,
    etag: answer.validators?.etag,
    lastModified: answer.validators?.lastModified,
  }
}

/** Makes the rename last over a power failure; not every file system can. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } catch {
    // EINVAL where a directory cannot be synced: the file is in place all the same.
  } finally {
    await directory.close()
  }
}
