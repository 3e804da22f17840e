/**
 * What lookups found at the service since the copy, and the copy lacks: written down behind the replies, so that a
 * restart in an outage does not call such a key "not found".
 *
 * A kill, or a full disk, costs those of the last moment that were not written yet.
 */
import { PurgeLog } from '../../core/cache/purge-log.ts'
import type { Clock } from '../../core/clock.ts'
import { comparableAddress } from '../../core/key/idn.ts'
import { MAX_LISTED_KEY_BYTES } from './entry.ts'
import type { FoundKey } from './found-keys.ts'
import type { ReplicaFile } from './replica-file.ts'

/** A key that is found again is written again after this time, ms. Ours: its age needs to be known to some minutes only. */
const WRITE_AGAIN_MS = 600_000

export class FoundSince {
  readonly #file: ReplicaFile
  readonly #clock: Clock
  /** What is not written yet; without a result where the service said "not found". */
  readonly #pending = new Map<string, FoundKey | undefined>()
  #isWriting = false
  readonly #dropped = new PurgeLog()

  constructor(file: ReplicaFile, clock: Clock) {
    this.#file = file
    this.#clock = clock
  }

  /** @param forMs How old it may be, ms. */
  get(key: string, forMs: number): string | undefined {
    const known = this.#known(key)
    return known !== undefined && this.#clock.wallMs() - known.atMs <= forMs ? known.result : undefined
  }

  get generation(): number {
    return this.#dropped.generation
  }

  /**
   * @param result What the service found; undefined: it said "not found".
   * @param generation As it was when the service was asked: what is known since of the key is newer.
   */
  note(key: string, result: string | undefined, generation: number): void {
    if (Buffer.byteLength(key) > MAX_LISTED_KEY_BYTES) return
    if (this.#dropped.purgedSince(generation, comparableAddress(key))) return
    const known = this.#known(key)
    if (result === undefined) {
      if (known === undefined) return
      this.#pending.set(comparableAddress(key), undefined)
    } else {
      const atMs = this.#clock.wallMs()
      if (known?.result === result && Math.abs(atMs - known.atMs) < WRITE_AGAIN_MS) return
      this.#pending.set(comparableAddress(key), { result, atMs })
    }
    if (!this.#isWriting) void this.#write()
  }

  /** Something newer is known of these keys, as the copy has them; undefined: of any. */
  drop(keys: readonly string[] | undefined): void {
    if (keys === undefined) {
      this.#pending.clear()
      this.#dropped.add({ kind: 'all' })
      return
    }
    for (const key of keys) {
      this.#pending.delete(key)
      this.#dropped.add({ kind: 'key', key })
    }
  }

  #known(key: string): FoundKey | undefined {
    if (key.length > MAX_LISTED_KEY_BYTES) return undefined
    const text = comparableAddress(key)
    return this.#pending.has(text) ? this.#pending.get(text) : this.#file.foundKey(text)
  }

  /** Does not reject. */
  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#pending.size > 0) {
      const keys = new Map(this.#pending)
      try {
        await this.#file.noteFound(keys)
      } catch {
        // The disk is full, or the file is being closed. The next list says of the disk what is wrong.
      }
      this.#file.refresh()
      for (const [key, found] of keys) if (this.#pending.get(key) === found) this.#pending.delete(key)
    }
    this.#isWriting = false
  }
}
