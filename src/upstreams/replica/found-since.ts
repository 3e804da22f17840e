/**
 * What lookups found at the service since the copy, and the copy lacks: written down behind the replies, so that a
 * restart in an outage does not call such a key "not found".
 *
 * A kill, or a full disk, costs those of the last moment that were not written yet.
 *
 * Each list and each request for changes is a round with a number, and each key has the number of the last one. What was
 * found before a round is on disk before its question is sent, so that the transaction which takes the reply over sees it;
 * what is written later was found later, and outlives that reply. No clock decides about it.
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
  /** The writing that is under way. */
  #writing: Promise<void> | undefined
  #round: number
  readonly #dropped = new PurgeLog()

  constructor(file: ReplicaFile, clock: Clock) {
    this.#file = file
    this.#clock = clock
    this.#round = file.lastRound()
  }

  /**
   * A list or changes are about to be asked for.
   *
   * @returns The number of the round, once what was found before is written. Does not reject.
   */
  async beginRound(): Promise<number> {
    const round = ++this.#round
    const older = new Map(this.#pending)
    const isWaiting = () => Array.from(older).some(([key, found]) => this.#isPending(key, found))
    while (isWaiting()) await this.#writing
    return round
  }

  /** @param forMs How old it may be, ms. */
  get(key: string, forMs: number): string | undefined {
    const known = this.#known(key)
    return known !== undefined && this.#clock.wallMs() - known.atMs <= forMs ? known.result : undefined
  }

  /** The number of the last list or changes that were asked for. */
  get round(): number {
    return this.#round
  }

  get generation(): number {
    return this.#dropped.generation
  }

  /**
   * @param result What the service found; undefined: it said "not found".
   * @param generation As it was when the service was asked: what is known since of the key is newer.
   * @param round As it was then: a list in use that was asked for later is newer.
   */
  note(key: string, result: string | undefined, generation: number, round: number): void {
    if (Buffer.byteLength(key) > MAX_LISTED_KEY_BYTES) return
    if (this.#dropped.purgedSince(generation, comparableAddress(key))) return
    if (round < this.#round && round < (this.#file.state()?.current?.round ?? 0)) return
    const known = this.#known(key)
    if (known !== undefined && known.round > round) return
    if (result === undefined) {
      if (known === undefined) return
      this.#pending.set(comparableAddress(key), undefined)
    } else {
      const atMs = this.#clock.wallMs()
      // Of before the list that is being read, it would go with that list.
      const isNew = known?.result !== result || known.round !== round
      if (!isNew && Math.abs(atMs - known.atMs) < WRITE_AGAIN_MS) return
      this.#pending.set(comparableAddress(key), { result, atMs, round })
    }
    this.#write()
  }

  /** Something newer is known of these keys, as the copy has them; undefined: of any, also of those that are on their way. */
  drop(keys: readonly string[] | undefined): void {
    if (keys === undefined) this.#dropped.add({ kind: 'all' })
    for (const key of keys ?? []) {
      this.#dropped.add({ kind: 'key', key })
      // One that is being written is there in a moment.
      if (this.#known(key) !== undefined) this.#pending.set(key, undefined)
    }
    this.#write()
  }

  #known(key: string): FoundKey | undefined {
    if (key.length > MAX_LISTED_KEY_BYTES) return undefined
    const text = comparableAddress(key)
    return this.#pending.has(text) ? this.#pending.get(text) : this.#file.foundKey(text)
  }

  #isPending(key: string, found: FoundKey | undefined): boolean {
    return this.#pending.has(key) && this.#pending.get(key) === found
  }

  #write(): void {
    if (this.#writing === undefined && this.#pending.size > 0) this.#writing = this.#writePending()
  }

  /** Does not reject. */
  async #writePending(): Promise<void> {
    const keys = new Map(this.#pending)
    try {
      await this.#file.noteFound(keys)
    } catch {
      // The disk is full, or the file is being closed. The next list says of the disk what is wrong.
    }
    this.#file.refresh()
    for (const [key, found] of keys) if (this.#isPending(key, found)) this.#pending.delete(key)
    this.#writing = undefined
    this.#write()
  }
}
