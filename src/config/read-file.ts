/**
 * Reads the text files that a configuration is made of: the file itself, and those that it names. All of
 * them, by whichever command, come this way.
 *
 * A path may have become anything: a device without end, a pipe that nobody writes to, a socket, a file
 * of a hundred gigabytes. Nothing here waits for longer than {@link LOAD_TIMEOUT_MS} or holds more than
 * {@link MAX_FILE_BYTES}.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { MAX_FILE_CHARACTERS } from './document.ts'

/** Longest time for all files of one load, ms. Ours: files are local and small. */
export const LOAD_TIMEOUT_MS = 5000

/** Most bytes of UTF-8 for one character that JavaScript counts as one (RFC 3629). */
const BYTES_PER_CHARACTER = 3

/** Most bytes of a file. One of this size is longer than any of its readers takes. */
const MAX_FILE_BYTES = (MAX_FILE_CHARACTERS + 1) * BYTES_PER_CHARACTER

/** One read, bytes. */
const READ_CHUNK_BYTES = 64 * 1024

/** Time until a pipe that has nothing to read now is asked again, ms. Ours. */
const POLL_MS = 10

/** Why a file was not read: an error with a `code`, as those of the file system. */
class FileReadError extends Error {
  readonly code: 'ETIMEDOUT' | 'EFBIG'

  constructor(code: 'ETIMEDOUT' | 'EFBIG') {
    super(code)
    this.code = code
  }
}

/** Reads a text file; rejects with an error that has a `code` when it cannot. */
export type ReadFile = (path: string) => Promise<string>

/** Makes the reader of one load: its files have {@link LOAD_TIMEOUT_MS} together. */
export function textFileReader(timeoutMs: number = LOAD_TIMEOUT_MS): ReadFile {
  let signal: AbortSignal | undefined
  return (path) => {
    signal ??= AbortSignal.timeout(timeoutMs)
    return withTimeout(readAll(path, signal), signal)
  }
}

/** What a path leads to. `unknown`: it cannot be looked at. */
export type PathKind = 'file' | 'folder' | 'other' | 'missing' | 'unknown'

/** Looks at a path, without opening it. */
export type LookAtPath = (path: string) => Promise<PathKind>

export async function lookAtPath(path: string): Promise<PathKind> {
  try {
    const stats = await withTimeout(stat(path), AbortSignal.timeout(LOAD_TIMEOUT_MS))
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'missing' : 'unknown'
  }
}

/** Reads one text file. */
export function readTextFile(path: string): Promise<string> {
  return textFileReader()(path)
}

/** A file system may hold a call for ever, so the end of the time does not wait for it. */
export function withTimeout<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timeUp = (): void => reject(new FileReadError('ETIMEDOUT'))
    if (signal.aborted) timeUp()
    signal.addEventListener('abort', timeUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', timeUp))
  })
}

async function readAll(path: string, signal: AbortSignal): Promise<string> {
  // Opening a pipe that nobody writes to would wait (open(2)).
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stats = await file.stat()
    if (stats.isFile() && stats.size > MAX_FILE_BYTES) throw new FileReadError('EFBIG')
    const buffer = Buffer.alloc(READ_CHUNK_BYTES)
    const chunks: Buffer[] = []
    let length = 0
    while (!signal.aborted) {
      const bytesRead = await readSome(file, buffer)
      if (bytesRead === undefined) {
        await delay(POLL_MS)
        continue
      }
      if (bytesRead === 0) break
      length += bytesRead
      if (length > MAX_FILE_BYTES) throw new FileReadError('EFBIG')
      chunks.push(Buffer.from(buffer.subarray(0, bytesRead)))
    }
    // Without the mark that editors on Windows put before UTF-8: no token or certificate begins with it.
    return new TextDecoder().decode(Buffer.concat(chunks))
  } finally {
    await file.close()
  }
}

/** The number of bytes read; undefined when there are none at the moment. */
async function readSome(file: FileHandle, buffer: Buffer): Promise<number | undefined> {
  try {
    return (await file.read(buffer, 0, buffer.length, null)).bytesRead
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined
    throw error
  }
}

/** What a failed read means, by its system error code (errno(3)). */
const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ELOOP: 'its links lead in a circle',
  ENXIO: 'it is a socket or a device that is not there',
  EFBIG: `it is longer than ${Math.floor(MAX_FILE_BYTES / 1024 / 1024)} MiB`,
  ETIMEDOUT: `it was not read within ${LOAD_TIMEOUT_MS / 1000} s; is it a pipe that nobody writes to, or on a server that does not answer?`,
}

/** Says in words why a file could not be read. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return READ_FAILURES[code] ?? (code === '' ? 'reading it failed' : `reading it failed (${code})`)
}
