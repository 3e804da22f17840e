/**
 * The databases of one copy, and what is done with them within one transaction.
 *
 *   state        what is in use, what is kept aside, who fills: one JSON document
 *   a, b, c      key to result, ready for the client
 *   pushed       what was pushed since the service was asked last
 *   held-pushed  what was pushed since the list was asked for that is kept aside
 *   found        keys that lookups found at the service, and the copy lacks
 */
import type { LmdbRoot, LmdbTable } from '../lmdb.ts'
import type { CopyMarks } from './copy-marks.ts'
import type { CopyRecord, KeyChange, ReplicaState, Slot } from './copy-record.ts'
import { type FoundKey, FoundKeys } from './found-keys.ts'
import { PushLog } from './push-log.ts'

/** Raise it when the meaning of the files changes with the program: older ones are dropped. */
const FORMAT = 1

const STATE_KEY = 'state'

type Table = LmdbTable<string, string>

/** How many databases with a name there are. */
export const MAX_DATABASES = 6

export class CopyTables {
  readonly slots: Readonly<Record<Slot, Table>>
  readonly pushed: PushLog
  readonly heldPushed: PushLog
  readonly found: FoundKeys
  readonly #root: LmdbRoot<string, string>

  constructor(root: LmdbRoot<string, string>) {
    this.#root = root
    this.slots = { a: openTable(root, 'a'), b: openTable(root, 'b'), c: openTable(root, 'c') }
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

  /**
   * Goes over to another configuration. Where the list means something else, the copy is kept until there is another one;
   * where it was only read otherwise, the whole list is asked for.
   */
  adopt({ fingerprint, readAs }: CopyMarks): void {
    const stored = this.stored()
    if (stored === undefined) {
      for (const table of Object.values(this.slots)) table.clearSync()
      this.found.clear()
    }
    this.pushed.clear()
    this.heldPushed.clear()
    const { current, before: earlier } = stored ?? {}
    const copy = stored !== undefined && current !== undefined ? { ...stored, current } : earlier
    const state = { format: FORMAT, fingerprint, readAs }
    if (copy === undefined) this.write(state)
    else if (copy.fingerprint === fingerprint)
      this.write({ ...state, current: copy.readAs === readAs ? copy.current : unread(copy.current) })
    else {
      const { readAs: as } = copy
      const before = {
        fingerprint: copy.fingerprint,
        ...(as !== undefined && { readAs: as }),
        current: copy.current,
      }
      this.write({ ...state, before })
    }
  }

  /** A slot that has nothing which may be needed. */
  freeSlot(): Slot {
    const { current, held, before } = this.state()
    const needed = [current?.slot, held?.slot, before?.current.slot]
    return (['a', 'b', 'c'] as const).find((slot) => !needed.includes(slot)) ?? 'c'
  }

  /** The state without the list that is kept aside, and without what was pushed since. */
  withoutHeld(): Omit<ReplicaState, 'held'> {
    const { held, ...state } = this.state()
    if (held !== undefined) this.heldPushed.clear()
    return state
  }

  /** The number of the question for the list in use. */
  roundInUse(): number {
    return this.state().current?.round ?? 0
  }

  noteFound(keys: ReadonlyMap<string, FoundKey | undefined>): void {
    this.found.note(keys, this.roundInUse())
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
   * @param round Of its question; keys that lookups found before are forgotten. Undefined for a list that an earlier version
   *   kept aside: then the clock decides.
   * @returns False when the pushes are too many: nothing has changed.
   */
  use(record: CopyRecord, pushes: PushLog, round: number | undefined): boolean {
    const changes = pushes.changes()
    if (changes === undefined) return false
    const { filling: _, current, before, ...state } = this.withoutHeld()
    if (before !== undefined) this.found.clear()
    const entries = record.entries + this.apply(record.slot, changes)
    const { validators, cursor, ...others } = record
    // A push may be older than the list: the next one, or the changes since the copy before it, have the last word.
    const ofList =
      changes.length === 0 ? { ...(validators && { validators }), cursor } : { cursor: current?.cursor }
    const table = this.slots[record.slot]
    this.found.forgetOld(
      (key) => table.get(key) !== undefined,
      (found) => (round === undefined ? found.atMs < record.copiedAtMs : found.round < round),
    )
    const ofRound = round === undefined ? {} : { round }
    this.write({ ...state, current: { ...others, ...ofList, ...ofRound, entries } })
    return true
  }
}

/** The copy, but nothing by which the service could say that it is current, or what changed since. */
function unread({ validators: _, cursor: __, listedAtMs: ___, ...record }: CopyRecord): CopyRecord {
  return record
}

function openTable(root: LmdbRoot<string, string>, name: string): Table {
  return root.openDB<string, string>({ name, encoding: 'string' })
}
