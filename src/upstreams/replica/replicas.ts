/**
 * The copies of the tables that ask one upstream. They outlive a reload as the upstream's circuits do: whoever is
 * built for the same folder goes on with the copy that is open.
 */
import type { ReplicaOfTable } from '../../core/replica/table-copy.ts'
import type { Authorize } from '../http-client/oauth/access-tokens.ts'
import type { HttpUpstreamSettings, ResponseSettings } from '../http-client/settings.ts'
import type { UpstreamParts } from '../kind.ts'
import { copyMarks, listMeaning } from './copy-marks.ts'
import { replicaFolder } from './folder.ts'
import type { ReplicaSettings } from './settings.ts'
import { TableReplica } from './table-replica.ts'

/** What of a table decides about its copy. */
interface ReplicatedTable {
  readonly name: string
  readonly foldCase: boolean
  readonly replica: ReplicaSettings
  readonly response: ResponseSettings
  readonly usedBy?: readonly string[]
  readonly canary: { readonly key: string } | undefined
}

/** The upstream as lists are asked for. */
interface AskedForLists {
  /** As it is then. */
  readonly upstream: () => HttpUpstreamSettings
  /** What of it decides about its answers. */
  readonly decisive: unknown
  readonly authorize: Authorize
  /** Returns whether a drill treats the service as dead. */
  readonly drilled: () => boolean
}

/** Times `every` for which the entries of a copy are answered without asking. Ours: one list may fail. */
const FRESH_ROUNDS = 2

export class Replicas {
  readonly #open = new Map<string, { readonly replica: TableReplica; owner: ReplicaOfTable | undefined }>()

  /**
   * @throws ReplicaUnavailable when the folder cannot be used; TypeError for a table that the checks would have refused.
   */
  forTable(
    table: ReplicatedTable,
    { upstream, decisive, authorize, drilled }: AskedForLists,
    { clock, random, observer, cacheFile, onCredentialsRefused }: UpstreamParts,
  ): ReplicaOfTable {
    const { directory, ...list } = table.replica
    const folder = replicaFolder(directory, cacheFile, table.name)
    let open = this.#open.get(folder)
    if (open === undefined) {
      const parts = {
        clock,
        random,
        drilled,
        authorize,
        observer: observer.table(table.name),
        onCredentialsRefused,
        onDefect: (error: unknown) => observer.defect(error, `the replica of table ${table.name}`),
      }
      open = { replica: new TableReplica(folder, parts), owner: undefined }
      this.#open.set(folder, open)
    }
    const { replica } = open
    const { name, foldCase, response, usedBy = [], canary } = table
    const settings = { table: name, foldCase, list, response, usedBy, canary: canary?.key }
    const meaning = listMeaning(settings, decisive)
    const marks = copyMarks(meaning, settings)
    const own = open
    const { everyMs, notFoundForMs, authoritative } = list
    const ofTable: ReplicaOfTable = {
      copy: replica,
      control: replica,
      policy: { freshForMs: FRESH_ROUNDS * everyMs, notFoundForMs, authoritative },
      dropped: () => replica.droppedBy({ meaning, marks }),
      onGone: () => {},
      start: () => {
        own.owner = ofTable
        replica.start({ settings, upstream, meaning, marks, onGone: ofTable.onGone })
      },
      stop: () => {
        // Another configuration goes on with it.
        if (own.owner !== ofTable) return
        this.#open.delete(folder)
        void replica.close()
      },
    }
    return ofTable
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(open.map(({ replica }) => replica.close()))
  }
}
