/**
 * The copy of one table on disk: an LMDB environment with two slots, one in use and one that is being filled.
 *
 * A list is written beside the copy in use, in many transactions; one more, which writes the state, exchanges them.
 * Whoever is killed at any instant leaves the old or the new copy whole. Readers see a snapshot and wait for nobody.
 *
 * Source: http://www.lmdb.tech/doc/ ("Caveats": a process must not open one environment twice; a local file system).
 */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../core/system/error-code.ts'
import { LmdbEnvironment, type LmdbRoot, loadLmdb, otherProcess, requireDatabase } from '../lmdb.ts'
import { OpenedFile } from '../opened-file.ts'
import { makeFolderSync, UnusableFiles } from '../own-folder.ts'
import type { CopyMarks } from './copy-marks.ts'
import type { CopyRecord, HeldRecord, KeyChange, ReplicaState, Slot } from './copy-record.ts'
import { CopyTables, MAX_DATABASES } from './copy-tables.ts'
import type { FoundKey } from './found-keys.ts'
import { ListError } from './list-error.ts'
import { type ChangesPlan, planChanges } from './plan-changes.ts'
import type { Changes, Entry } from './read-list.ts'
import { REPLICA_REASONS } from './reasons.ts'

/** Why a copy cannot be kept. */
export class ReplicaUnavailable extends UnusableFiles {}

/** What came of the word about a list that is kept aside. */
type Settled = 'done' | 'nothing' | 'too-many-pushes'

const LAYOUT = { encoding: 'string', maxDbs: 1 + MAX_DATABASES, noSubdir: false } as const
const OPTIONS = { ...LAYOUT, permissionsMode: 0o600, eventTurnBatching: false } as const

export class ReplicaFile {
  readonly #environment: LmdbEnvironment<string, string>
  readonly #root: LmdbRoot<string, string>
  readonly #tables: CopyTables
  readonly #opened: OpenedFile

  private constructor(root: LmdbRoot<string, string>, folder: string) {
    this.#opened = new OpenedFile(join(folder, 'data.mdb'))
    this.#environment = new LmdbEnvironment(root)
    this.#root = root
    this.#tables = new CopyTables(root)
  }

  /**
   * Opens the copy in a folder, which is made when it is not there. LMDB opens it without a promise; that its disk answers was
   * seen when the configuration was checked (`keepsFilesIn`), so that a dead mount stops nobody here.
   *
   * @throws ReplicaUnavailable when it cannot be read or written, or LMDB is not installed.
   */
  static open(folder: string): ReplicaFile {
    try {
      const { open } = loadLmdb('a replica')
      makeFolderSync(folder)
      chmodSync(folder, 0o700)
      requireDatabase(folder)
      const file = new ReplicaFile(open<string, string>({ path: folder, ...OPTIONS }), folder)
      file.#requireAlone()
      return file
    } catch (error) {
      const why = messageOf(error)
      throw new ReplicaUnavailable(`the folder of the replica, ${folder}, cannot be used: ${why}`)
    }
  }

  /** Undefined, too, when it is being closed. */
  state(): ReplicaState | undefined {
    return this.#environment.isOpen ? this.#tables.stored() : undefined
  }

  /** The result of a key. */
  get(slot: Slot, key: string): string | undefined {
    return this.#tables.slots[slot].get(key)
  }

  /** A key that a lookup found at the service since, and that the copy lacks. */
  foundKey(key: string): FoundKey | undefined {
    return this.#environment.isOpen ? this.#tables.found.get(key) : undefined
  }

  /** The number of the last question that is known of. */
  lastRound(): number {
    return Math.max(this.#tables.found.lastRound(), this.state()?.held?.round ?? 0, this.#tables.roundInUse())
  }

  noteFound(keys: ReadonlyMap<string, FoundKey | undefined>): Promise<void> {
    return this.#environment.transaction(() => this.#tables.noteFound(keys))
  }

  /** Lets the next look-up see what others have written. */
  refresh(): void {
    if (this.#environment.isOpen) this.#root.resetReadTxn()
  }

  /** Keys in order, in one snapshot for each call. */
  keys(slot: Slot, after: string | undefined, limit: number): readonly string[] {
    const range = after === undefined ? { limit } : { start: after, exclusiveStart: true, limit }
    return Array.from(this.#tables.slots[slot].getKeys(range))
  }

  /** Goes over to another configuration, if it is another. */
  adopt(marks: CopyMarks): void {
    const state = this.state()
    if (state?.fingerprint === marks.fingerprint && state.readAs === marks.readAs) return
    this.#root.transactionSync(() => this.#tables.adopt(marks))
  }

  /** Empties a slot that nobody needs, and claims it. What is kept aside stays, until another list takes its place. */
  beginFilling(token: string): { readonly slot: Slot; readonly current: CopyRecord | undefined } {
    return this.#root.transactionSync(() => {
      const state = this.#tables.state()
      const slot = this.#tables.freeSlot()
      this.#tables.slots[slot].clearSync()
      this.#tables.write({ ...state, filling: { slot, token } })
      return { slot, current: state.current }
    })
  }

  /**
   * Writes entries into the claimed slot.
   *
   * @param mayRepeat Whether an entry may be there already with the same result.
   * @param added Gets those that are new.
   * @returns Which of them is the first whose key was there already; -1 when none was.
   * @throws ReplicaUnavailable when another process has claimed it since; an error of the disk.
   */
  fill(token: string, slot: Slot, entries: readonly Entry[], mayRepeat: boolean, added: Entry[]): number {
    return this.#root.transactionSync(() => {
      this.#requireToken(token)
      const table = this.#tables.slots[slot]
      for (const [index, entry] of entries.entries()) {
        const [key, result] = entry
        const there = table.get(key)
        if (there === undefined) {
          table.putSync(key, result)
          added.push(entry)
        } else if (!mayRepeat || there !== result) return index
      }
      return -1
    })
  }

  /** Forgets what was pushed up to now: the service knew it before it pushed it, and is asked after this. */
  forgetPushes(): void {
    if (!this.#tables.pushed.isEmpty) this.#root.transactionSync(() => this.#tables.pushed.clear())
  }

  /** Keys that lookups found before, and that a list which was asked for then lacks. */
  foundBefore(round: number, slot: Slot): readonly string[] {
    const table = this.#tables.slots[slot]
    return this.#tables.found.before(round).filter((key) => table.get(key) === undefined)
  }

  /**
   * Takes a filled slot into use, with what was pushed while it was filled.
   *
   * @param round Of its question; keys that lookups found before are forgotten.
   * @returns Whether it was still claimed by `token`, and the pushes are not too many; else nothing has changed.
   */
  exchange(token: string, record: CopyRecord, round: number): Promise<boolean> {
    return this.#kept(() => {
      const state = this.#tables.state()
      if (state.filling?.token !== token) return false
      return this.#tables.use(record, this.#tables.pushed, round)
    })
  }

  /**
   * Takes changes over into the copy in use, with the cursor to which they go, in one transaction.
   *
   * @param since The cursor that they were asked by.
   * @returns `shrunk` when the keys that changes have deleted since the last whole list are too many: nothing has changed.
   * @throws ReplicaUnavailable when the copy in use is another one since; an error of the disk.
   */
  applyChanges(
    since: string,
    changes: Changes,
    bounds: { readonly askedAtMs: number; readonly maxShrink: number },
  ): ChangesPlan {
    return this.#root.transactionSync(() => {
      const { held, current, ...state } = this.#tables.state()
      if (current === undefined || current.cursor !== since)
        throw new ReplicaUnavailable('the copy in use is another one than the changes are for')
      const table = this.#tables.slots[current.slot]
      const before = {
        current,
        get: (key: string) => table.get(key),
        isPushed: (key: string) => this.#tables.pushed.has(key),
      }
      const plan = planChanges(before, changes, bounds)
      if (plan.kind === 'shrunk') return plan
      this.#tables.apply(current.slot, plan.set)
      this.#tables.apply(current.slot, plan.gone)
      for (const key of plan.unlisted) this.#tables.found.forget(key)
      // They are newer than a list that is kept aside, which may be accepted yet.
      if (held !== undefined)
        for (const change of changes.keys)
          if (!before.isPushed(change[0])) this.#tables.heldPushed.note(change)
      this.#tables.write({ ...state, ...(held && { held }), current: plan.record })
      return plan
    })
  }

  /** Keeps a filled slot aside. */
  hold(token: string, held: HeldRecord): Promise<boolean> {
    return this.#kept(() => {
      const { filling, ...state } = this.#tables.state()
      if (filling?.token !== token) return false
      this.#tables.heldPushed.copy(this.#tables.pushed)
      this.#tables.write({ ...state, held })
      return true
    })
  }

  /** Takes what is kept aside into use, with what was pushed since it was asked for; or forgets it. */
  settleHeld(accept: boolean): Promise<Settled> {
    return this.#kept(() => {
      const { held } = this.#tables.state()
      if (held === undefined) return 'nothing'
      if (!accept) this.#tables.write(this.#tables.withoutHeld())
      else {
        const { lost: _, missing: __, reason: ___, round, ...record } = held
        if (!this.#tables.use(record, this.#tables.heldPushed, round)) return 'too-many-pushes'
      }
      return 'done'
    })
  }

  /**
   * The service said that a copy is current. What was kept aside is out of date, and so is what lookups found before.
   *
   * @param slot Of that copy.
   * @param round Of the question.
   * @returns Whether it is the one in use; else nothing has changed.
   */
  renew(copiedAtMs: number, slot: Slot | undefined, round: number): Promise<boolean> {
    return this.#kept(() => {
      const { current } = this.#tables.state()
      if (current === undefined || current.slot !== slot) return false
      this.#tables.found.forgetBefore(round)
      this.#tables.write({
        ...this.#tables.withoutHeld(),
        current: { ...current, copiedAtMs, listedAtMs: copiedAtMs, removed: 0, round },
      })
      return true
    })
  }

  /** Changes a key of the copy in use. @param isAsked Returns whether the service is being asked, so that its reply may be older. */
  push(change: KeyChange, atMs: number, isAsked: () => boolean): Promise<void> {
    return this.#kept(() => {
      const { current, ...state } = this.#tables.state()
      if (current === undefined) return
      if (isAsked()) this.#tables.pushed.note(change)
      if (state.held !== undefined) this.#tables.heldPushed.note(change)
      const entries = current.entries + this.#tables.apply(current.slot, [change])
      // The list that the service has now is another one: its validators must not confirm this copy.
      const { validators: _, ...record } = current
      this.#tables.write({ ...state, current: { ...record, entries, changedAtMs: atMs } })
    })
  }

  /** @throws ListError (rejects) when what is written would be lost with this process, as do all that write for good. */
  async requireKept(): Promise<void> {
    const fate = await this.#opened.fate()
    if (fate !== undefined) throw new ListError(REPLICA_REASONS.fileLost, this.#opened.path, fate)
  }

  /** What is written so far is on disk. */
  async flushed(): Promise<void> {
    await this.#root.flushed
  }

  /** Waits for what is being written. No key may be looked up afterwards. */
  close(): Promise<void> {
    return this.#environment.close()
  }

  #kept<T>(work: () => T): Promise<T> {
    return this.#environment.transaction(work, () => this.requireKept())
  }

  /** What the other one writes would be read here as a part of the copy, and as "not found". */
  #requireAlone(): void {
    this.#tables.stored()
    const other = otherProcess(this.#root)
    if (other === undefined) return
    void this.#environment.close()
    throw new Error(
      `process ${other} uses it already; give each mapgate a folder of its own (replica.directory), or end that process`,
    )
  }

  #requireToken(token: string): void {
    if (this.#tables.state().filling?.token !== token)
      throw new ReplicaUnavailable('another process writes into the folder of this replica')
  }
}
