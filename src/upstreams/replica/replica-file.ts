/**
 * The copy of one table on disk: an LMDB environment with two slots, one in use and one that is being filled.
 *
 *   state   what is in use, what is kept aside, who fills: one JSON document
 *   a, b    key to result, ready for the client
 *
 * A list is written beside the copy in use, in many transactions; one more, which writes the state, exchanges them.
 * Whoever is killed at any instant leaves the old or the new copy whole. Readers see a snapshot and wait for nobody.
 *
 * Source: http://www.lmdb.tech/doc/ ("Caveats": a process must not open one environment twice; a local file system).
 */
import { chmodSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as Lmdb from 'lmdb'
import type { Validators } from '../../core/upstream.ts'

/** Raise it when the meaning of the files changes with the program: older ones are dropped. */
const FORMAT = 1

const STATE_KEY = 'state'

export type Slot = 'a' | 'b'

/** One list as it was taken over. */
export interface CopyRecord {
  readonly slot: Slot
  readonly entries: number
  /** Bytes of the list, unpacked. */
  readonly bytes: number
  readonly durationMs: number
  /** Wall clock ms at which the service was asked for it, or was asked last and said that it is current. */
  readonly copiedAtMs: number
  /** Wall clock ms at which its entries changed last. */
  readonly changedAtMs: number
  readonly validators?: Validators
}

/** A list that is kept aside: it lacks too many keys of the one in use. */
export interface HeldRecord extends CopyRecord {
  /** Keys of the copy in use that it lacks. */
  readonly lost: number
}

export interface ReplicaState {
  readonly format: number
  /** What decides about the entries; a copy of another one is dropped. */
  readonly fingerprint: string
  readonly current?: CopyRecord
  readonly held?: HeldRecord
  readonly filling?: { readonly slot: Slot; readonly token: string }
}

/** A change of one key: a result, or undefined where it is gone. */
export type KeyChange = readonly [key: string, result: string | undefined]

/** Why a copy cannot be kept. */
export class ReplicaUnavailable extends Error {}

type Table = Lmdb.Database<string, string>

export class ReplicaFile {
  readonly #root: Lmdb.RootDatabase<string, string>
  readonly #slots: Readonly<Record<Slot, Table>>

  private constructor(root: Lmdb.RootDatabase<string, string>) {
    this.#root = root
    this.#slots = { a: openSlot(root, 'a'), b: openSlot(root, 'b') }
  }

  /**
   * Opens the copy in a folder, which is made when it is not there.
   *
   * @throws ReplicaUnavailable when it cannot be read or written, or LMDB is not installed.
   */
  static open(folder: string): ReplicaFile {
    const { open } = loadLmdb()
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      chmodSync(folder, 0o700)
      return new ReplicaFile(
        open<string, string>({
          path: folder,
          encoding: 'string',
          maxDbs: 3,
          noSubdir: false,
          ...{ permissionsMode: 0o600 }, // known to the binding, not to its types
        }),
      )
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new ReplicaUnavailable(`the folder of the replica cannot be used: ${why}`)
    }
  }

  state(): ReplicaState | undefined {
    const text = this.#root.get(STATE_KEY)
    if (text === undefined) return undefined
    const state = JSON.parse(text) as ReplicaState
    return state.format === FORMAT ? state : undefined
  }

  /** The result of a key. */
  get(slot: Slot, key: string): string | undefined {
    return this.#slots[slot].get(key)
  }

  /** Lets the next look-up see what others have written. */
  refresh(): void {
    this.#root.resetReadTxn()
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
      for (const slot of Object.values(this.#slots)) slot.clearSync()
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
   * @returns Which of them is the first whose key was there already; -1 when all were new.
   * @throws ReplicaUnavailable when another process has claimed it since; an error of the disk.
   */
  fill(token: string, slot: Slot, entries: readonly (readonly [string, string])[]): number {
    return this.#root.transactionSync(() => {
      this.#requireToken(token)
      const table = this.#slots[slot]
      for (const [index, [key, result]] of entries.entries()) {
        if (table.get(key) !== undefined) return index
        table.putSync(key, result)
      }
      return -1
    })
  }

  /**
   * Takes a filled slot into use.
   *
   * @param changes What was pushed while it was filled, in order.
   * @returns Whether it was still claimed by `token`; else nothing has changed.
   */
  exchange(token: string, record: CopyRecord, changes: readonly KeyChange[]): Promise<boolean> {
    return this.#transaction(() => {
      const { filling, held: _, ...state } = this.#state()
      if (filling?.token !== token) return false
      const entries = record.entries + this.#apply(record.slot, changes)
      this.#write({ ...state, current: { ...record, entries } })
      return true
    })
  }

  /** Keeps a filled slot aside. */
  hold(token: string, held: HeldRecord): Promise<boolean> {
    return this.#transaction(() => {
      const { filling, ...state } = this.#state()
      if (filling?.token !== token) return false
      this.#write({ ...state, held })
      return true
    })
  }

  /** Takes what is kept aside into use, or forgets it. @returns Whether there was something. */
  settleHeld(accept: boolean): Promise<boolean> {
    return this.#transaction(() => {
      const { held, ...state } = this.#state()
      if (held === undefined) return false
      const { lost: _, ...record } = held
      this.#write(accept ? { ...state, current: record } : state)
      return true
    })
  }

  /** The service said that the copy in use is current. What was kept aside is out of date. */
  renew(copiedAtMs: number): Promise<void> {
    return this.#transaction(() => {
      const { held: _, ...state } = this.#state()
      if (state.current !== undefined) this.#write({ ...state, current: { ...state.current, copiedAtMs } })
    })
  }

  /** Changes keys of the copy in use. */
  change(changes: readonly KeyChange[], atMs: number): Promise<void> {
    return this.#transaction(() => {
      const { current, ...state } = this.#state()
      if (current === undefined) return
      const entries = current.entries + this.#apply(current.slot, changes)
      // The list that the service has now is another one: its validators must not confirm this copy.
      const { validators: _, ...record } = current
      this.#write({ ...state, current: { ...record, entries, changedAtMs: atMs } })
    })
  }

  /** What is written so far is on disk. */
  async flushed(): Promise<void> {
    await this.#root.flushed
  }

  close(): Promise<void> {
    return this.#root.close()
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

  /** Runs when nobody else writes; `work` looks before it writes, since what it has written when it throws stays. */
  #transaction<T>(work: () => T): Promise<T> {
    return this.#root.transaction(work)
  }

  #state(): ReplicaState {
    return this.state() ?? { format: FORMAT, fingerprint: '' }
  }

  #write(state: ReplicaState): void {
    this.#root.putSync(STATE_KEY, JSON.stringify(state))
  }

  #requireToken(token: string): void {
    if (this.#state().filling?.token !== token)
      throw new ReplicaUnavailable('another process writes into the folder of this replica')
  }
}

function openSlot(root: Lmdb.RootDatabase<string, string>, name: Slot): Table {
  return root.openDB<string, string>({ name, encoding: 'string' })
}

/** Loaded when a table needs it, and at once: tables are built without a pause. */
function loadLmdb(): typeof Lmdb {
  try {
    return createRequire(import.meta.url)('lmdb') as typeof Lmdb
  } catch (error) {
    throw new ReplicaUnavailable(
      `${NO_LMDB} (${error instanceof Error ? error.message.split('\n', 1)[0] : error})`,
    )
  }
}

const NO_LMDB =
  'a replica needs the package lmdb, which cannot be loaded here; install it with npm install lmdb'

/** Says why copies cannot be kept on this system; undefined where they can. */
export function whyNoReplicas(): string | undefined {
  try {
    loadLmdb()
    return undefined
  } catch (error) {
    if (error instanceof ReplicaUnavailable) return error.message
    throw error
  }
}
