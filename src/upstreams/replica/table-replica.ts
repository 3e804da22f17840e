/**
 * The copy of one table while the gateway runs: looked up, refreshed, kept aside, changed.
 *
 *   refresh   ask for the list; `unchanged`: the copy is as old as the question; a whole list: exchanged, or kept aside
 *   held      a list that lacks too many keys, or all of them: the copy in use stays
 *   change    one key, pushed by the service; while a list is read it is noted, and done again after the exchange
 *
 * It lives over reloads as long as its table has a replica in the same folder.
 */
import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../../core/clock.ts'
import { comparableAddress } from '../../core/idn.ts'
import type { TableObserver } from '../../core/observer.ts'
import type { ReplicaControl, ReplicaOutcome, ReplicaStatus } from '../../core/replica/replica-status.ts'
import type { TableCopy } from '../../core/replica/table-copy.ts'
import type { HttpUpstreamSettings } from '../http/settings.ts'
import { CopyAge } from './copy-age.ts'
import { EntryReader, listedKey, MAX_LISTED_KEY_BYTES } from './entry.ts'
import type { CopyOutcome } from './fill-copy.ts'
import type { ListProgress } from './read-list.ts'
import { REPLICA_REASONS } from './reasons.ts'
import { type CopyRecord, type KeyChange, ReplicaFile, type ReplicaState } from './replica-file.ts'
import { type RunCopy, runCopy } from './run-copy.ts'
import { nextRefreshInMs } from './schedule.ts'
import type { ListSettings } from './settings.ts'

/** Most changes that are noted while a list is read. Ours: with more, the list is read again. */
const MAX_NOTED = 100_000

/** What a configuration says of the copy. */
export interface Followed {
  readonly settings: Omit<ListSettings, 'upstream'>
  /** As it is when a list is asked for. */
  readonly upstream: () => HttpUpstreamSettings
  /** What decides about the entries: a copy of another one is dropped. */
  readonly fingerprint: string
  /** Called with keys whose stored answers are out of date; undefined: all of them. */
  readonly onGone: (keys: readonly string[] | undefined) => void
}

export interface TableReplicaParts {
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Pick<TableObserver, 'replicaChanged'>
  readonly onCredentialsRefused: (upstream: string) => void
  readonly onDefect: (error: unknown) => void
  /** Returns whether a drill treats the service as dead. */
  readonly drilled: () => boolean
  readonly run?: RunCopy
}

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
  /** A refresh was asked for while a list was read that may be older. */
  #again = false
  #noted: KeyChange[] = []
  #failuresInRow = 0
  #lastFailure: string | undefined
  readonly #counts = { failures: 0, heldBack: 0, copies: 0 }

  /** @throws ReplicaUnavailable when the folder cannot be used. */
  constructor(folder: string, parts: TableReplicaParts) {
    this.folder = folder
    this.#parts = parts
    this.#age = new CopyAge(parts.clock)
    this.#file = ReplicaFile.open(folder)
  }

  get entries(): number {
    return this.#state?.current?.entries ?? 0
  }

  find(key: string): string | undefined {
    const slot = this.#state?.current?.slot
    // No list has a longer one, and LMDB has no room for it.
    if (slot === undefined || key.length > MAX_LISTED_KEY_BYTES) return undefined
    return this.#file.get(slot, comparableAddress(key))
  }

  ageMs(nowMs?: number): number {
    return this.#age.ms(nowMs)
  }

  /** Follows these settings from now on, and begins to refresh. */
  start(followed: Followed): void {
    this.#copying?.stop.abort()
    this.#followed = followed
    this.#reader = new EntryReader(followed.settings)
    this.#file.adopt(followed.fingerprint)
    this.#look()
    this.#age.restore(this.#state?.current?.copiedAtMs)
    this.#failuresInRow = 0
    this.#schedule()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#nextRefreshAtMs = undefined
    this.#followed = undefined
    this.#copying?.stop.abort()
  }

  async close(): Promise<void> {
    this.stop()
    await this.#copying?.ended
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
      ...(this.#copying && { progress: this.#progress(this.#copying.progress) }),
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
      ...(held && { held: { entries: held.entries, lost: held.lost, copiedAtMs: held.copiedAtMs } }),
      ...this.#counts,
    }
  }

  refresh(): ReplicaOutcome {
    if (this.#followed === undefined) return { kind: 'nothing', status: this.status() }
    if (this.#copying === undefined) this.#begin()
    else this.#again = true
    return { kind: 'done', status: this.status() }
  }

  async settleHeld(accept: boolean): Promise<ReplicaOutcome> {
    const held = this.#state?.held
    const isDone = await this.#file.settleHeld(accept)
    this.#look()
    if (isDone && accept && held !== undefined) {
      this.#age.restore(held.copiedAtMs)
      this.#followed?.onGone(undefined)
    }
    return { kind: isDone ? 'done' : 'nothing', status: this.status() }
  }

  async change(text: string, item: unknown): Promise<ReplicaOutcome> {
    const reader = this.#reader
    const settings = this.#followed?.settings
    if (settings === undefined || reader === undefined || this.#state?.current === undefined)
      return { kind: 'nothing', status: this.status() }
    const key = listedKey(text, settings.foldCase)
    if ('why' in key) return { kind: 'invalid', why: `nobody can ask for this key: ${key.why}` }
    const result = item === undefined ? { value: undefined } : reader.result(key.key, item)
    if ('reason' in result) return { kind: 'invalid', why: result.reason }
    const change: KeyChange = [key.key, result.value]
    if (this.#copying !== undefined) this.#noted.push(change)
    await this.#file.change([change], this.#parts.clock.wallMs())
    this.#look()
    this.#followed?.onGone([key.key])
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
    const inMs = nextRefreshInMs(everyMs, this.#age.ms(), this.#failuresInRow, random())
    this.#nextRefreshAtMs = clock.wallMs() + inMs
    this.#timer = clock.after(inMs, () => this.refresh())
  }

  #begin(): void {
    this.#timer?.cancel()
    this.#nextRefreshAtMs = undefined
    this.#again = false
    this.#noted = []
    const stop = new AbortController()
    const progress: ListProgress = { entries: 0, bytes: 0, expectedBytes: undefined }
    // Set before anything runs, since the copying may end in this very turn.
    const copying = { stop, progress, ended: Promise.resolve() }
    this.#copying = copying
    copying.ended = this.#copy(stop.signal).catch(this.#parts.onDefect)
  }

  async #copy(signal: AbortSignal): Promise<void> {
    const { clock, observer, drilled, run = runCopy } = this.#parts
    const followed = this.#followed
    if (followed === undefined) return
    const settings = { ...followed.settings, upstream: followed.upstream() }
    const startedMs = clock.monotonicMs()
    const askedAtMs = clock.wallMs()
    const token = randomBytes(12).toString('hex')
    const before = this.#state?.current
    const onProgress = (progress: ListProgress): void => {
      if (this.#copying !== undefined) this.#copying.progress = progress
    }
    const job = {
      folder: this.folder,
      token,
      settings,
      validators: before?.validators,
      current: before?.slot,
    }
    const outcome = drilled()
      ? ({ kind: 'failed', cause: 'connect', reason: REPLICA_REASONS.drillRuns.text } as const)
      : await run(job, this.#file, onProgress, signal)
    const durationMs = clock.monotonicMs() - startedMs
    const taken = await this.#take(outcome, token, settings, { askedAtMs, durationMs }).catch(
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        return { failed: REPLICA_REASONS.diskFailed.text.replace('…', why) }
      },
    )
    this.#copying = undefined
    this.#look()
    if (this.#followed !== followed) {
      // The configuration has changed meanwhile: what was stopped is begun anew.
      if (this.#followed !== undefined) this.#begin()
      return
    }
    if ('failed' in taken) {
      this.#failuresInRow++
      this.#counts.failures++
      this.#lastFailure = taken.failed
      observer.replicaChanged({ kind: 'failed', reason: taken.failed })
    } else {
      this.#failuresInRow = 0
      if (taken.kind !== 'held') this.#lastFailure = undefined
    }
    if (this.#again) this.#begin()
    else this.#schedule()
  }

  /** Decides what becomes of a list. */
  async #take(
    outcome: CopyOutcome,
    token: string,
    settings: ListSettings,
    { askedAtMs, durationMs }: { readonly askedAtMs: number; readonly durationMs: number },
  ): Promise<{ readonly kind: 'copied' | 'held' } | { readonly failed: string }> {
    const { observer, clock, onDefect } = this.#parts
    const before = this.#state?.current
    const startedAt = clock.monotonicMs() - durationMs
    if (outcome.kind === 'failed') {
      if (outcome.cause === 'refused') this.#parts.onCredentialsRefused(settings.upstream.name)
      if (outcome.defect !== undefined) onDefect(new Error(outcome.defect))
      return { failed: outcome.reason }
    }
    if (outcome.kind === 'unchanged') {
      await this.#file.renew(askedAtMs)
      this.#age.set(startedAt, askedAtMs)
      this.#counts.copies++
      return { kind: 'copied' }
    }
    const { slot, entries, bytes, validators, lost, lostKeys, changed } = outcome
    const hasChanged = before === undefined || changed > 0 || lost > 0
    const changedAtMs = hasChanged ? askedAtMs : before.changedAtMs
    const record: CopyRecord = {
      slot,
      entries,
      bytes,
      durationMs,
      copiedAtMs: askedAtMs,
      changedAtMs,
      ...(validators && { validators }),
    }
    if (entries === 0 || lost > settings.list.maxShrink * (before?.entries ?? 0)) {
      if (!(await this.#file.hold(token, { ...record, lost })))
        return { failed: REPLICA_REASONS.changedMeanwhile.text }
      this.#counts.heldBack++
      this.#lastFailure = heldText(entries, lost)
      observer.replicaChanged({ kind: 'held', entries, lost, reason: this.#lastFailure })
      return { kind: 'held' }
    }
    const noted = this.#noted
    if (noted.length > MAX_NOTED || !(await this.#file.exchange(token, record, noted)))
      return { failed: REPLICA_REASONS.changedMeanwhile.text }
    this.#look()
    this.#age.set(startedAt, askedAtMs)
    this.#counts.copies++
    observer.replicaChanged({ kind: 'copied', entries, lost, bytes, durationMs })
    if (lost > 0) this.#followed?.onGone(lostKeys)
    return { kind: 'copied' }
  }

  #progress({ entries, bytes, expectedBytes }: ListProgress) {
    const share =
      expectedBytes !== undefined && expectedBytes > 0
        ? bytes / expectedBytes
        : this.entries > 0
          ? entries / this.entries
          : undefined
    return { entries, bytes, ...(share !== undefined && { share: Math.min(1, share) }) }
  }
}

function heldText(entries: number, lost: number): string {
  return entries === 0
    ? 'the list has no entries'
    : `the list lacks ${lost} keys of the copy, more than replica.maxShrink`
}
