/**
 * The databases of one copy, and what is done with them within one transaction.
 *
 *   state        what is in use, what is kept aside, who fills: one JSON document
 *   a, b         key to result, ready for the client
 *   pushed       what was pushed since the service was asked last
 *   held-pushed  what was pushed since the list was asked for that is kept aside
 *   found        keys that lookups found at the service, and the copy lacks
 */
import type { LmdbRoot, LmdbTable } from '../lmdb.ts'
import type { CopyRecord, KeyChange, ReplicaState, Slot } from './copy-record.ts'
import { FoundKeys } from './found-keys.ts'
import { PushLog } from './push-log.ts'

/** Raise it when the meaning of the files changes with the program: older ones are dropped. */
const FORMAT = 1

const STATE_KEY = 'state'

type Table = LmdbTable<string, string>

/** How many databases with a name there are. */
export const MAX_DATABASES = 5

export class CopyTables {
  readonly slots: Readonly<Record<Slot, Table>>
  readonly pushed: PushLog
  readonly heldPushed: PushLog
  readonly found: FoundKeys
  readonly #root: LmdbRoot<string, string>

  constructor(root: LmdbRoot<string, string>) {
    this.#root = root
    this.slots = { a: openTable(root, 'a'), b: openTable(root, 'b') }
    this.pushed = new PushLog(openTable(root, 'pushed'))
    this.heldPushed = new PushLog(openTable(root, 'held-pushed'))
    this.found = new FoundKeys(openTable(root, 'found'))
  }

  /** Undefined before anything was written, and where another version of the program did. */
  stored(): ReplicaState | undefined {
    const text = this.#root.get(STATE_KEY)
    if (text === undefined) return undefined
    const state = JSON.parse(text) as ReplicaState
    return state.format === FORMAT ? state : undefined
  }

  state(): ReplicaState {
    return this.stored() ?? { format: FORMAT, fingerprint: '' }
  }

  write(state: ReplicaState): void {
    this.#root.putSync(STATE_KEY, JSON.stringify(state))
  }

  /** Begins anew, for another configuration. */
  reset(fingerprint: string): void {
    for (const table of Object.values(this.slots)) table.clearSync()
    for (const kept of [this.pushed, this.heldPushed, this.found]) kept.clear()
    this.write({ format: FORMAT, fingerprint })
  }

  /** The state without the list that is kept aside, and without what was pushed since. */
  withoutHeld(): Omit<ReplicaState, 'held'> {
    const { held, ...state } = this.state()
    if (held !== undefined) this.heldPushed.clear()
    return state
  }

  /** @returns How many more entries there are then. */
  apply(slot: Slot, changes: readonly KeyChange[]): number {
    const table = this.slots[slot]
    let more = 0
    for (const [key, result] of changes) {
      const wasThere = table.get(key) !== undefined
      if (result === undefined) table.removeSync(key)
      else table.putSync(key, result)
      this.found.forget(key)
      more += Number(result !== undefined) - Number(wasThere)
    }
    return more
  }

  /**
   * Takes a list into use, with pushes done again over it.
   *
   * @param foundSinceMs Keys that lookups found before are forgotten.
   * @returns False when the pushes are too many: nothing has changed.
   */
  use(record: CopyRecord, pushes: PushLog, foundSinceMs: number): boolean {
    const changes = pushes.changes()
    if (changes === undefined) return false
    const { filling: _, current, ...state } = this.withoutHeld()
    const entries = record.entries + this.apply(record.slot, changes)
    const { validators, cursor, ...others } = record
    // A push may be older than the list: the next one, or the changes since the copy before it, have the last word.
    const ofList =
      changes.length === 0 ? { ...(validators && { validators }), cursor } : { cursor: current?.cursor }
    const table = this.slots[record.slot]
    this.found.forgetOld((key) => table.get(key) !== undefined, foundSinceMs)
    this.write({ ...state, current: { ...others, ...ofList, entries } })
    return true
  }
}

function openTable(root: LmdbRoot<string, string>, name: string): Table {
  return root.openDB<string, string>({ name, encoding: 'string' })
}
