/**
 * A folder on disk that an upstream keeps its files in: made when it is not there, for its owner alone, and on a disk that answers.
 *
 * `mkdir` of Node.js with `recursive` never ends below /proc, where each parent is there and nothing can be made; and a call on a
 * dead network mount never returns. So parents are made one by one, and off the main thread, for a bounded time.
 * Source: mkdir(2), statfs(2), nfs(5) ("hard").
 */
import { mkdirSync } from 'node:fs'
import { chmod, mkdir, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { whyNotLocal } from '../core/system/local-disk.ts'

/** Thrown at the start for files that cannot be used; the message tells the operator what to do. */
export class UnusableFiles extends Error {}

/** Longest wait for the disk at the start, ms. Ours: a disk that spins up takes some seconds. */
const MAX_WAIT_MS = 10_000

/**
 * Resolves when the folder can be used.
 *
 * @throws Error (rejects) with why it cannot, in words.
 */
export function ownFolder(folder: string): Promise<void> {
  return whileDiskAnswers(prepareFolder(folder), MAX_WAIT_MS)
}

/** @throws Error (rejects) when the work is not done in time. */
export async function whileDiskAnswers(work: Promise<void>, waitMs: number): Promise<void> {
  const stop = new AbortController()
  const late = delay(waitMs, 'late', { signal: stop.signal, ref: false }).catch(() => 'stopped')
  try {
    const outcome = await Promise.race([work, late])
    if (outcome === 'late')
      throw new Error(`its disk does not answer within ${waitMs / 1000} s; is a network mount dead?`)
  } finally {
    stop.abort()
  }
}

async function prepareFolder(folder: string): Promise<void> {
  await makeFolder(folder)
  const { type } = await statfs(folder)
  const why = whyNotLocal(type)
  if (why !== undefined) throw new Error(why)
  await chmod(folder, 0o700)
}

async function makeFolder(folder: string): Promise<void> {
  if (await isMade(folder)) return
  const parent = dirname(folder)
  if (parent !== folder) await makeFolder(parent)
  if (!(await isMade(folder))) throw new Error(`${parent} takes no folders (ENOENT)`)
}

/** @returns False when a parent is not there. */
async function isMade(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 })
    return true
  } catch (error) {
    return wasThere(error)
  }
}

/** As {@link ownFolder} makes it, where the check of the configuration has seen that the disk answers. */
export function makeFolderSync(folder: string): void {
  const isMadeNow = () => {
    try {
      mkdirSync(folder, { mode: 0o700 })
      return true
    } catch (error) {
      return wasThere(error)
    }
  }
  if (isMadeNow()) return
  const parent = dirname(folder)
  if (parent !== folder) makeFolderSync(parent)
  if (!isMadeNow()) throw new Error(`${parent} takes no folders (ENOENT)`)
}

/** @returns False when a parent is not there. */
function wasThere(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EEXIST') return true
  if (code === 'ENOENT') return false
  throw error
}
