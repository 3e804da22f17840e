/**
 * The copy of one table on disk: an LMDB environment with two slots, one in use and one that is being filled.
 *
 *   state   what is in use, what is kept aside, who fills: one JSON document
 *   a, b    key to result, ready for the client
 *   pushed  what was pushed since the service was asked last: `+` and the result, or `-` where the key is gone
 *
 * A list is written beside the copy in use, in many transactions; one more, which writes the state, exchanges them.
 * Whoever is killed at any instant leaves the old or the new copy whole. Readers see a snapshot and wait for nobody.
 *
 * Source: http://www.lmdb.tech/doc/ ("Caveats": a process must not open one environment twice; a local file system).
 */
import { chmodSync } from 'node:fs'
import { messageOf } from '../../core/error-code.ts'
import { LmdbEnvironment, type LmdbRoot, type LmdbTable, loadLmdb, requireDatabase } from '../lmdb.ts'
import { makeFolderSync, UnusableFiles } from '../own-folder.ts'
import type { CopyRecord, HeldRecord, KeyChange, ReplicaState, Slot } from './copy-record.ts'
import { type ChangesPlan, planChanges } from './plan-changes.ts'
import type { Changes, Entry } from './read-list.ts'

/** Raise it when the meaning of the files changes with the program: older ones are dropped. */
const FORMAT = 1

const STATE_KEY = 'state'

/** Why a copy cannot be kept. */
export class ReplicaUnavailable extends UnusableFiles {}

/** Most pushes that are kept while a list is read. Ours: with more, the list is read again. */
const MAX_PUSHED = 100_000

type Table = LmdbTable<string, string>

const LAYOUT = { encoding: 'string', maxDbs: 4, noSubdir: false } as const
const OPTIONS = { ...LAYOUT, permissionsMode: 0o600, eventTurnBatching: false } as const

export class ReplicaFile {
  readonly #environment: LmdbEnvironment<string, string>
  readonly #root: LmdbRoot<string, string>
  readonly #slots: Readonly<Record<Slot, Table>>
  readonly #pushed: Table

  private constructor(root: LmdbRoot<string, string>) {
    this.#environment = new LmdbEnvironment(root)
    this.#root = root
    this.#slots = { a: openTable(root, 'a'), b: openTable(root, 'b') }
    this.#pushed = openTable(root, 'pushed')
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
      return new ReplicaFile(open<string, string>({ path: folder, ...OPTIONS }))
    } catch (error) {
      const why = messageOf(error)
      throw new ReplicaUnavailable(`the folder of the replica, ${folder}, cannot be used: ${why}`)
    }
  }

  /** Undefined, too, when it is being closed. */
  state(): ReplicaState | undefined {
    return this.#environment.isOpen ? this.#stored() : undefined
  }

  /** The result of a key. */
  get(slot: Slot, key: string): string | undefined {
    return this.#slots[slot].get(key)
  }

  /** Lets the next look-up see what others have written. */
  refresh(): void {
    if (this.#environment.isOpen) this.#root.resetReadTxn()
  }

  /** Keys in order, in one snapshot for each call. */
  keys(slot: Slot, after: string | undefined, limit: number): readonly string[] {
    const range = after === undefined ? { limit } : { start: after, exclusiveStart: true, limit }
    return Array.from(this.#slots[slot].getKeys(range))
  }

  /** Drops everything that another configuration has written. */
  adopt(fingerprint: string): void {
    if (this.state()?.fingerprint === fingerprint) return
    this.#root.transactionSync(() => {
      for (const table of [...Object.values(this.#slots), this.#pushed]) table.clearSync()
      this.#write({ format: FORMAT, fingerprint })
    })
  }

  /** Empties the slot that is not in use, and claims it. What was kept aside there is gone. */
  beginFilling(token: string): Slot {
    return this.#root.transactionSync(() => {
      const { held: _, ...state } = this.#state()
      const slot: Slot = state.current?.slot === 'a' ? 'b' : 'a'
      this.#slots[slot].clearSync()
      this.#write({ ...state, filling: { slot, token } })
      return slot
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
      const table = this.#slots[slot]
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
    if (this.#countPushes(1) > 0) this.#root.transactionSync(() => this.#pushed.clearSync())
  }

  /**
   * Takes a filled slot into use, with what was pushed while it was filled.
   *
   * @returns Whether it was still claimed by `token`, and the pushes are not too many; else nothing has changed.
   */
  exchange(token: string, record: CopyRecord): Promise<boolean> {
    return this.#environment.transaction(() => {
      const { filling, held: _, ...state } = this.#state()
      if (filling?.token !== token || this.#countPushes(MAX_PUSHED + 1) > MAX_PUSHED) return false
      const pushed = Array.from(this.#pushed.getRange(), ({ key, value }): KeyChange => {
        return [key, value.startsWith('+') ? value.slice(1) : undefined]
      })
      const entries = record.entries + this.#apply(record.slot, pushed)
      // A push may be older than the list. The changes since the copy before it have the last word about such keys.
      const cursor = pushed.length === 0 ? record.cursor : state.current?.cursor
      this.#write({ ...state, current: { ...record, entries, cursor } })
      return true
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
      const { current, held: _, ...state } = this.#state()
      if (current === undefined || current.cursor !== since)
        throw new ReplicaUnavailable('the copy in use is another one than the changes are for')
      const table = this.#slots[current.slot]
      const before = {
        current,
        get: (key: string) => table.get(key),
        isPushed: (key: string) => this.#pushed.get(key) !== undefined,
      }
      const plan = planChanges(before, changes, bounds)
      if (plan.kind === 'shrunk') return plan
      this.#apply(current.slot, plan.set)
      this.#apply(current.slot, plan.gone)
      this.#write({ ...state, current: plan.record })
      return plan
    })
  }

  /** Keeps a filled slot aside. */
  hold(token: string, held: HeldRecord): Promise<boolean> {
    return this.#environment.transaction(() => {
      const { filling, ...state } = this.#state()
      if (filling?.token !== token) return false
      this.#write({ ...state, held })
      return true
    })
  }

  /** Takes what is kept aside into use, or forgets it. @returns Whether there was something. */
  settleHeld(accept: boolean): Promise<boolean> {
    return this.#environment.transaction(() => {
      const { held, ...state } = this.#state()
      if (held === undefined) return false
      const { lost: _, ...record } = held
      this.#write(accept ? { ...state, current: record } : state)
      return true
    })
  }

  /** The service said that the copy in use is current. What was kept aside is out of date. */
  renew(copiedAtMs: number): Promise<void> {
    return this.#environment.transaction(() => {
      const { held: _, ...state } = this.#state()
      if (state.current !== undefined)
        this.#write({
          ...state,
          current: { ...state.current, copiedAtMs, listedAtMs: copiedAtMs, removed: 0 },
        })
    })
  }

  /**
   * Changes a key of the copy in use.
   *
   * @param isAsked Returns whether the service is being asked, so that its reply may be older.
   */
  push(change: KeyChange, atMs: number, isAsked: () => boolean): Promise<void> {
    return this.#environment.transaction(() => {
      const { current, ...state } = this.#state()
      if (current === undefined) return
      const [key, result] = change
      if (isAsked()) this.#pushed.putSync(key, result === undefined ? '-' : `+${result}`)
      const entries = current.entries + this.#apply(current.slot, [change])
      // The list that the service has now is another one: its validators must not confirm this copy.
      const { validators: _, ...record } = current
      this.#write({ ...state, current: { ...record, entries, changedAtMs: atMs } })
    })
  }

  /** What is written so far is on disk. */
  async flushed(): Promise<void> {
    await this.#root.flushed
  }

  /** Waits for what is being written. No key may be looked up afterwards. */
  close(): Promise<void> {
    return this.#environment.close()
  }

  #countPushes(limit: number): number {
    return Array.from(this.#pushed.getKeys({ limit })).length
  }

  /** @returns How many more entries there are then. */
  #apply(slot: Slot, changes: readonly KeyChange[]): number {
    const table = this.#slots[slot]
    let more = 0
    for (const [key, result] of changes) {
      const wasThere = table.get(key) !== undefined
      if (result === undefined) table.removeSync(key)
      else table.putSync(key, result)
      more += Number(result !== undefined) - Number(wasThere)
    }
    return more
  }

  #stored(): ReplicaState | undefined {
    const text = this.#root.get(STATE_KEY)
    if (text === undefined) return undefined
    const state = JSON.parse(text) as ReplicaState
    return state.format === FORMAT ? state : undefined
  }

  #state(): ReplicaState {
    return this.#stored() ?? { format: FORMAT, fingerprint: '' }
  }

  #write(state: ReplicaState): void {
    this.#root.putSync(STATE_KEY, JSON.stringify(state))
  }

  #requireToken(token: string): void {
    if (this.#state().filling?.token !== token)
      throw new ReplicaUnavailable('another process writes into the folder of this replica')
  }
}

function openTable(root: LmdbRoot<string, string>, name: string): Table {
  return root.openDB<string, string>({ name, encoding: 'string' })
}
