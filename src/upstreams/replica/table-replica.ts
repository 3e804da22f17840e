/**
 * The copy of one table while the gateway runs: looked up, refreshed, kept aside, changed.
 *
 *   refresh   ask for the changes, or for the list; `unchanged`: the copy is as old as the question; a whole list:
 *             exchanged, or kept aside
 *   held      a list that lacks too many keys, or all of them: the copy in use stays
 *   change    one key, pushed by the service; noted while a list is read or kept aside, and done again over it
 *
 * It lives over reloads as long as its table has a replica in the same folder.
 */
import type { Timer } from '../../core/clock.ts'
import { comparableAddress } from '../../core/key/idn.ts'
import type { ReplicaControl, ReplicaOutcome, ReplicaStatus } from '../../core/replica/replica-status.ts'
import type { DroppedCopy, TableCopy } from '../../core/replica/table-copy.ts'
import { CopyAge } from './copy-age.ts'
import { type ChangedOutcome, type CopyOutcome, copyJob } from './copy-job.ts'
import { changedParts } from './copy-marks.ts'
import type { ReplicaState } from './copy-record.ts'
import { EntryReader, MAX_LISTED_KEY_BYTES } from './entry.ts'
import type { Followed, TableReplicaParts } from './followed.ts'
import { FoundSince } from './found-since.ts'
import { type ListProgress, shownProgress } from './list-progress.ts'
import { neighboursOf } from './neighbours.ts'
import { REPLICA_REASONS } from './reasons.ts'
import { ReplicaFile } from './replica-file.ts'
import { RoundCounts } from './round-counts.ts'
import { runCopy } from './run-copy.ts'
import { nextRefreshInMs, sinceAskedMs } from './schedule.ts'
import { diskFailure, heldStatus, settleHeld, type TakenOver, takeOver } from './take-over.ts'

export class TableReplica implements TableCopy, ReplicaControl {
  readonly folder: string
  readonly #parts: TableReplicaParts
  readonly #file: ReplicaFile
  readonly #age: CopyAge
  #followed: Followed | undefined
  #reader: EntryReader | undefined
  #state: ReplicaState | undefined
  #timer: Timer | undefined
  #nextRefreshAtMs: number | undefined
  #copying:
    | { readonly stop: AbortController; progress: ListProgress; readonly ended: Promise<void> }
    | undefined
  /** A refresh was asked for while the service is asked, whose reply may be older. */
  #again = false
  #wantsWhole = false
  readonly #counts = new RoundCounts()
  readonly #foundSince: FoundSince

  /** @throws ReplicaUnavailable when the folder cannot be used. */
  constructor(folder: string, parts: TableReplicaParts) {
    this.folder = folder
    this.#parts = parts
    this.#age = new CopyAge(parts.clock)
    this.#file = ReplicaFile.open(folder)
    this.#foundSince = new FoundSince(this.#file, parts.clock)
  }

  get entries(): number {
    return this.#state?.current?.entries ?? 0
  }

  get listAgeMs(): number | undefined {
    const listedAtMs = this.#state?.current?.listedAtMs
    if (listedAtMs === undefined || this.#followed?.settings.list.changes === undefined) return undefined
    return Math.max(0, this.#parts.clock.wallMs() - listedAtMs)
  }

  find(key: string): string | undefined {
    const slot = this.#state?.current?.slot
    // No list has a longer one, and LMDB has no room for it.
    if (slot === undefined || key.length > MAX_LISTED_KEY_BYTES) return undefined
    return this.#file.get(slot, comparableAddress(key))
  }

  foundSince(key: string, forMs: number): string | undefined {
    return this.#state === undefined ? undefined : this.#foundSince.get(key, forMs)
  }

  get generation(): number {
    return this.#foundSince.generation
  }
  get round(): number {
    return this.#foundSince.round
  }

  noteAnswer(key: string, result: string | undefined, generation: number, round: number): void {
    // Not while the copy of other settings may come back.
    if (this.#followed && !this.#state?.before) this.#foundSince.note(key, result, generation, round)
  }

  neighbours(key: string): readonly string[] {
    const slot = this.#state?.current?.slot
    if (slot === undefined || key.length > MAX_LISTED_KEY_BYTES) return []
    return neighboursOf(comparableAddress(key), (after, limit) => this.#file.keys(slot, after, limit))
  }

  ageMs(nowMs?: number): number {
    // Closed: what is not in the copy then must not be "not found".
    return this.#state?.current === undefined ? Number.POSITIVE_INFINITY : this.#age.ms(nowMs)
  }

  /** Follows these settings from now on, and begins to refresh. */
  start(followed: Followed): void {
    this.#copying?.stop.abort()
    // Another service may answer the lookups that are under way.
    if (this.#state?.fingerprint !== followed.marks.fingerprint) this.#foundSince.drop(undefined)
    this.#followed = followed
    this.#reader = new EntryReader(followed.settings)
    this.#file.adopt(followed.marks)
    this.#look()
    this.#age.restore(this.#state?.current?.copiedAtMs)
    this.#counts.failuresInRow = 0
    this.#schedule()
  }

  /** What becomes of the copy in use when these settings are followed; undefined where it stays. */
  droppedBy({ meaning, marks }: Pick<Followed, 'meaning' | 'marks'>): DroppedCopy | undefined {
    const before = this.#followed?.meaning
    if (before === undefined || this.entries === 0 || this.#state?.fingerprint === marks.fingerprint)
      return undefined
    return { entries: this.entries, changed: changedParts(before, meaning) }
  }

  stop(): void {
    this.#timer?.cancel()
    this.#nextRefreshAtMs = undefined
    this.#followed = undefined
    this.#copying?.stop.abort()
  }

  async close(): Promise<void> {
    this.stop()
    await this.#copying?.ended
    this.#state = undefined
    await this.#file.close()
  }

  status(): ReplicaStatus {
    const { current, held } = this.#state ?? {}
    return {
      state: this.#copying ? 'copying' : held ? 'held' : current ? 'ready' : 'empty',
      entries: this.entries,
      everyMs: this.#followed?.settings.list.everyMs ?? 0,
      ...(current && { copiedAtMs: current.copiedAtMs, changedAtMs: current.changedAtMs }),
      ...(current && { bytes: current.bytes, durationMs: current.durationMs }),
      ...(this.#nextRefreshAtMs !== undefined && { nextRefreshAtMs: this.#nextRefreshAtMs }),
      ...(this.#copying && { progress: shownProgress(this.#copying.progress, this.entries) }),
      ...(held && { held: heldStatus(held) }),
      ...this.#counts.status(this.#followed?.settings.list.changes !== undefined, current),
    }
  }

  refresh(isWhole: boolean): ReplicaOutcome {
    if (this.#followed === undefined) return { kind: 'nothing', status: this.status() }
    if (isWhole) this.#wantsWhole = true
    if (this.#copying === undefined) this.#begin()
    else this.#again = true
    return { kind: 'done', status: this.status() }
  }

  async settleHeld(accept: boolean): Promise<ReplicaOutcome> {
    const held = this.#state?.held
    // The next list is compared with the copy in use.
    this.#file.refresh()
    const isFilling = this.#copying !== undefined && this.#file.state()?.filling !== undefined
    if (this.#followed === undefined || isFilling) return { kind: 'nothing', status: this.status() }
    const settled = await settleHeld(this.#file, accept)
    if (typeof settled !== 'string') return settled
    this.#look()
    if (settled === 'done' && accept) {
      this.#age.restore(held?.copiedAtMs)
      this.#counts.accepted()
      this.#followed?.onGone(undefined)
    }
    return { kind: settled, status: this.status() }
  }

  async change(text: string, item: unknown): Promise<ReplicaOutcome> {
    const reader = this.#reader
    if (reader === undefined || this.#followed === undefined || this.#state?.current === undefined)
      return { kind: 'nothing', status: this.status() }
    const pushed = reader.pushed(text, item)
    if ('why' in pushed) return { kind: 'invalid', why: pushed.why }
    const [key] = pushed
    this.#foundSince.drop([key])
    const isAsked = () => this.#copying !== undefined
    const failed = await this.#file.push(pushed, this.#parts.clock.wallMs(), isAsked).catch(diskFailure)
    if (failed !== undefined) return failed
    this.#look()
    this.#followed?.onGone([key])
    return { kind: 'done', status: this.status() }
  }

  /** Sees what is written, from the next look-up on. */
  #look(): void {
    this.#file.refresh()
    this.#state = this.#file.state()
  }

  #schedule(): void {
    this.#timer?.cancel()
    if (this.#followed === undefined) return
    const { clock, random } = this.#parts
    const { everyMs } = this.#followed.settings.list
    // A copy that was read otherwise is read again at once.
    const { current, held } = this.#state ?? {}
    const readMs = current?.listedAtMs === undefined ? Number.POSITIVE_INFINITY : this.#age.ms()
    const ageMs = sinceAskedMs(readMs, held?.copiedAtMs, clock.wallMs())
    const inMs = nextRefreshInMs(everyMs, ageMs, this.#counts.failuresInRow, random())
    this.#nextRefreshAtMs = clock.wallMs() + inMs
    this.#timer = clock.after(inMs, () => this.refresh(false))
  }

  #begin(): void {
    this.#timer?.cancel()
    this.#nextRefreshAtMs = undefined
    this.#again = false
    const stop = new AbortController()
    const progress: ListProgress = { entries: 0, bytes: 0, expectedBytes: undefined }
    // Set before anything runs, since the copying may end in this very turn.
    const copying = { stop, progress, ended: Promise.resolve() }
    this.#copying = copying
    copying.ended = this.#copy(stop.signal).catch(this.#parts.onDefect)
  }

  async #copy(signal: AbortSignal): Promise<void> {
    const { clock, drilled, authorize, run = runCopy } = this.#parts
    const followed = this.#followed
    if (followed === undefined) return
    const startedMs = clock.monotonicMs()
    const settings = { ...followed.settings, upstream: followed.upstream() }
    const round = await this.#foundSince.beginRound()
    const asked = { folder: this.folder, settings, askedAtMs: clock.wallMs(), round }
    const job = copyJob(asked, this.#state?.current, this.#wantsWhole)
    this.#wantsWhole = false
    const onProgress = (progress: ListProgress): void => {
      if (this.#copying !== undefined) this.#copying.progress = progress
    }
    const outcome: CopyOutcome = drilled()
      ? { kind: 'failed', cause: 'connect', reason: REPLICA_REASONS.drillRuns.text }
      : await run(job, this.#file, onProgress, signal, authorize)
    const durationMs = clock.monotonicMs() - startedMs
    const taken: TakenOver | ChangedOutcome =
      outcome.kind === 'changed' || outcome.kind === 'failed'
        ? outcome
        : await takeOver(outcome, this.#file, job, durationMs)
    this.#copying = undefined
    this.#look()
    if (taken.kind !== 'failed' && taken.kind !== 'held') this.#age.set(startedMs, job.askedAtMs)
    // What was asked for by somebody is asked for again.
    if (taken.kind === 'failed' && job.cursor === undefined) this.#wantsWhole = true
    const isFollowed = this.#followed === followed
    if (isFollowed || taken.kind !== 'failed') this.#tell(outcome, taken, durationMs)
    // When the configuration has changed meanwhile, what was stopped is started over.
    if (!isFollowed && this.#followed !== undefined) this.#begin()
    else if (this.#again) this.#begin()
    else this.#schedule()
  }

  /** Counts what came of a round, and says it. */
  #tell(outcome: CopyOutcome, taken: TakenOver | ChangedOutcome, durationMs: number): void {
    const { observer, onCredentialsRefused, onDefect } = this.#parts
    const { onGone = () => {} } = this.#followed ?? {}
    const isNews = this.#counts.add(taken, outcome)
    if (outcome.kind === 'failed') {
      const asked = this.#followed?.upstream()
      // A token is renewed, whatever the files hold.
      if (outcome.cause === 'refused' && asked !== undefined && asked.oauth === undefined)
        onCredentialsRefused(asked.name)
      if (outcome.defect !== undefined) onDefect(new Error(outcome.defect))
    }
    if ('noChanges' in outcome && outcome.noChanges !== undefined)
      observer.replicaChanged({ kind: 'whole', reason: outcome.noChanges })
    switch (taken.kind) {
      case 'current':
        if (taken.lostKeys.length > 0) onGone(taken.lostKeys)
        return
      case 'changed':
        this.#foundSince.drop(taken.keys)
        if (taken.set + taken.gone > 0)
          observer.replicaChanged({ kind: 'changed', set: taken.set, gone: taken.gone })
        if (taken.keys?.length !== 0) onGone(taken.keys)
        return
      case 'copied': {
        const { lostKeys, ...told } = taken
        observer.replicaChanged({ ...told, durationMs })
        if (lostKeys?.length !== 0) onGone(lostKeys)
        return
      }
      case 'held':
        if (isNews) observer.replicaChanged(taken)
        return
      case 'failed':
        // While a list waits for a word, the same is said of it once.
        if (isNews || this.#state?.held === undefined)
          observer.replicaChanged({ kind: 'failed', reason: taken.reason })
    }
  }
}
