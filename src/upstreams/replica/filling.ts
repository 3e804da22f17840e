/**
 * The entries of a list on their way into the free slot of a replica, and how they differ from the copy in use.
 */

import type { CopyJob } from './copy-job.ts'
import type { CopyRecord, Slot } from './copy-record.ts'
import { listedKey } from './entry.ts'
import { ListError } from './list-error.ts'
import type { Entry } from './read-list.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ReplicaFile } from './replica-file.ts'

/** Entries that are written in one transaction. Ours: a commit costs as much as some hundred of them. */
const BATCH = 5000

/** Most lost keys that are named one by one. Ours: for more, everything that is stored of the table is looked at again. */
export const MAX_NAMED = 10_000

/** Keys of a first list that are shown, and keys that a list lacks. */
const SHOWN = 3

/** What addresses, domains, networks and paths have, and the members of an error message have not. */
const ADDRESS = /[@.:/]/

export class Filling {
  readonly #job: CopyJob
  readonly #file: ReplicaFile
  readonly #canary: string | undefined
  /** The slot that is filled, and the copy in use. */
  #into: { readonly slot: Slot; readonly current: CopyRecord | undefined } | undefined
  #batch: Entry[] = []
  /** Read so far, with those that were there already. */
  #read = 0
  #entries = 0
  #kept = 0
  #changed = 0
  #hasCanary: boolean
  /** Of a first list. */
  readonly #firstKeys: string[] = []
  #hasAddresses = false

  constructor(job: CopyJob, file: ReplicaFile) {
    this.#job = job
    this.#file = file
    this.#canary = canaryOf(job)
    this.#hasCanary = this.#canary === undefined
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#batch.push(entry)
      if (this.#batch.length === BATCH) this.flush()
    }
  }

  flush(): void {
    const { slot } = this.#begun()
    const batch = this.#batch
    this.#batch = []
    const { token, settings } = this.#job
    // One that comes twice in pages is a sign that they have shifted, and then another one is missing.
    const mayRepeat = settings.list.next === undefined
    const added: Entry[] = []
    const duplicate = this.#file.fill(token, slot, batch, mayRepeat, added)
    if (duplicate !== -1) throw new ListError(REPLICA_REASONS.duplicateKey, this.#read + duplicate + 1)
    this.#read += batch.length
    this.#entries += added.length
    for (const [key, result] of added) this.#compare(key, result)
  }

  /** @throws ListError for a list without the canary. */
  result() {
    if (!this.#hasCanary) throw new ListError(REPLICA_REASONS.noCanary)
    const { slot, current } = this.#begun()
    const before = current === undefined ? 0 : (this.#file.state()?.current?.entries ?? 0)
    const lost = Math.max(0, before - this.#kept)
    const lostKeys = lost > MAX_NAMED ? undefined : this.#lostKeys(slot, current?.slot, lost)
    const missing = (lostKeys ?? this.#lostKeys(slot, current?.slot, SHOWN)).slice(0, SHOWN)
    return {
      slot,
      entries: this.#entries,
      lost,
      lostKeys,
      ...(missing.length > 0 && { missing }),
      changed: this.#changed,
      ...(current === undefined && { firstKeys: this.#firstKeys, hasAddresses: this.#hasAddresses }),
    }
  }

  /** From here on no other copy can be taken into use. */
  #begun() {
    this.#into ??= this.#file.beginFilling(this.#job.token)
    return this.#into
  }

  #compare(key: string, result: string): void {
    if (key === this.#canary) this.#hasCanary = true
    const { current } = this.#begun()
    if (current === undefined) {
      if (this.#firstKeys.length < SHOWN) this.#firstKeys.push(key)
      this.#hasAddresses ||= ADDRESS.test(key)
    }
    const before = current === undefined ? undefined : this.#file.get(current.slot, key)
    if (before !== undefined) this.#kept++
    if (before !== result) this.#changed++
  }

  #lostKeys(slot: Slot, current: Slot | undefined, lost: number): readonly string[] {
    const missing: string[] = []
    if (current === undefined) return missing
    let keys = this.#file.keys(current, undefined, BATCH)
    while (keys.length > 0 && missing.length < lost) {
      for (const key of keys) if (this.#file.get(slot, key) === undefined) missing.push(key)
      keys = this.#file.keys(current, keys.at(-1), BATCH)
    }
    return missing
  }
}

/** The canary's key as a list has it. */
export function canaryOf({ settings: { canary, foldCase } }: CopyJob): string | undefined {
  const key = canary === undefined ? undefined : listedKey(canary, foldCase)
  return key !== undefined && 'key' in key ? key.key : undefined
}
