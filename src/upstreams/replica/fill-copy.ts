/**
 * Fills the free slot of a replica with the service's list. Runs in a thread of its own, so that no lookup waits for
 * it; everything here may block that thread.
 */
import type { PermanentCause, TemporaryCause } from '../../core/result.ts'
import type { Validators } from '../../core/upstream.ts'
import { listedKey } from './entry.ts'
import { ListError } from './list-error.ts'
import { type Entry, type ListProgress, readList } from './read-list.ts'
import { REPLICA_REASONS } from './reasons.ts'
import { type ReplicaFile, ReplicaUnavailable, type Slot } from './replica-file.ts'
import type { ListSettings } from './settings.ts'

/** Entries that are written in one transaction. Ours: a commit costs as much as some hundred of them. */
const BATCH = 5000

/** Most lost keys that are named one by one. Ours: for more, everything that is stored of the table is looked at anew. */
const MAX_NAMED = 10_000

/** What is to be copied. Plain data. */
export interface CopyJob {
  readonly folder: string
  /** By which the free slot is claimed: another one for each job. */
  readonly token: string
  readonly settings: ListSettings
  readonly validators: Validators | undefined
  /** The slot in use; undefined before the first copy. */
  readonly current: Slot | undefined
}

export type CopyOutcome =
  | {
      readonly kind: 'filled'
      readonly slot: Slot
      readonly entries: number
      readonly bytes: number
      readonly validators: Validators | undefined
      /** Keys of the copy in use that the list lacks. */
      readonly lost: number
      /** Which ones; undefined where they are too many to be named. */
      readonly lostKeys: readonly string[] | undefined
      /** Entries that are new or have another result. */
      readonly changed: number
    }
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'failed'
      readonly cause: TemporaryCause | PermanentCause
      readonly reason: string
      /** An exception that none of the rules knows: a bug, with its stack. */
      readonly defect?: string
    }

/** Copies the list. Does not reject. */
export async function fillCopy(
  job: CopyJob,
  file: ReplicaFile,
  progress: ListProgress,
  signal: AbortSignal,
): Promise<CopyOutcome> {
  const { list, upstream } = job.settings
  const limit = AbortSignal.timeout(list.timeoutMs)
  let failed: CopyOutcome = stopped()
  for (const endpoint of upstream.endpoints) {
    progress.entries = 0
    progress.bytes = 0
    const filling = new Filling(job, file)
    try {
      const options = { validators: job.validators, signal: AbortSignal.any([signal, limit]), progress }
      const end = await readList(job.settings, endpoint, options, (entries) => filling.add(entries))
      if (end === 'unchanged') return { kind: 'unchanged' }
      filling.flush()
      return { kind: 'filled', ...filling.result(), bytes: progress.bytes, validators: end.validators }
    } catch (error) {
      if (signal.aborted) return stopped()
      if (limit.aborted) return failure(new ListError(REPLICA_REASONS.listTooSlow, list.timeoutMs / 1000))
      failed = failure(error)
      // Another endpoint has the same list: what is wrong with this one is asked of no other.
      if (!(error instanceof ListError) || !ANOTHER_MAY_HELP.has(error.reasonCause)) return failed
    }
  }
  return failed
}

const ANOTHER_MAY_HELP: ReadonlySet<string> = new Set(['connect', 'timeout', 'status', 'refused'])

function stopped(): CopyOutcome {
  return failure(new ListError(REPLICA_REASONS.copyStopped))
}

function failure(error: unknown): CopyOutcome {
  if (error instanceof ListError) return { kind: 'failed', cause: error.reasonCause, reason: error.message }
  if (error instanceof ReplicaUnavailable) return failure(new ListError(REPLICA_REASONS.changedMeanwhile))
  const message = error instanceof Error ? error.message : String(error)
  if (isOfDisk(error)) return failure(new ListError(REPLICA_REASONS.diskFailed, message))
  const defect = error instanceof Error ? (error.stack ?? message) : message
  return { kind: 'failed', cause: 'defect', reason: 'internal error: see the log of mapgate', defect }
}

/** Returns whether LMDB or the system refused to write: `MDB_MAP_FULL`, ENOSPC, EIO, EROFS, EDQUOT. */
function isOfDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    /MDB_|No space left|Input\/output error|Read-only file system|quota|Permission denied/i.test(
      error.message,
    ) ||
    ('code' in error && /^(?:ENOSPC|EIO|EROFS|EDQUOT|EACCES|28|5|30)$/.test(String(error.code)))
  )
}

/** The entries on their way into the free slot, and how they differ from the copy in use. */
class Filling {
  readonly #job: CopyJob
  readonly #file: ReplicaFile
  readonly #canary: string | undefined
  #slot: Slot | undefined
  #batch: Entry[] = []
  #entries = 0
  #kept = 0
  #changed = 0
  #hasCanary: boolean

  constructor(job: CopyJob, file: ReplicaFile) {
    this.#job = job
    this.#file = file
    const { canary, foldCase } = job.settings
    const key = canary === undefined ? undefined : listedKey(canary, foldCase)
    this.#canary = key !== undefined && 'key' in key ? key.key : undefined
    this.#hasCanary = this.#canary === undefined
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#batch.push(entry)
      if (this.#batch.length === BATCH) this.flush()
    }
  }

  flush(): void {
    // Not before something has arrived: until then, what is kept aside stays.
    this.#slot ??= this.#file.beginFilling(this.#job.token)
    const batch = this.#batch
    this.#batch = []
    const duplicate = this.#file.fill(this.#job.token, this.#slot, batch)
    if (duplicate !== -1) throw new ListError(REPLICA_REASONS.duplicateKey, this.#entries + duplicate + 1)
    this.#entries += batch.length
    for (const [key, result] of batch) this.#compare(key, result)
  }

  /** @throws ListError for a list without the canary. */
  result() {
    if (!this.#hasCanary) throw new ListError(REPLICA_REASONS.noCanary)
    const slot = this.#slot ?? this.#file.beginFilling(this.#job.token)
    const before = this.#job.current === undefined ? 0 : (this.#file.state()?.current?.entries ?? 0)
    const lost = Math.max(0, before - this.#kept)
    const lostKeys = lost > MAX_NAMED ? undefined : this.#lostKeys(slot, lost)
    return { slot, entries: this.#entries, lost, lostKeys, changed: this.#changed }
  }

  #compare(key: string, result: string): void {
    if (key === this.#canary) this.#hasCanary = true
    const { current } = this.#job
    const before = current === undefined ? undefined : this.#file.get(current, key)
    if (before !== undefined) this.#kept++
    if (before !== result) this.#changed++
  }

  #lostKeys(slot: Slot, lost: number): readonly string[] {
    const { current } = this.#job
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
