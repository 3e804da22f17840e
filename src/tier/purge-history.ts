/**
 * What was purged before a gateway came, or a table of it, while perhaps nobody ran who would have deleted the answers that it reads:
 * none in the store that is older counts here. What is stored here is left alone: purges.ts looks for what has purged that.
 */
import type { Connection } from './connection.ts'
import type { Floors } from './floors.ts'
import { purgeOf } from './purge-entry.ts'
import { KEPT_MS, type PurgeStream } from './purge-stream.ts'
import { FIRST_ID } from './stream.ts'

export class PurgeHistory {
  readonly #stream: PurgeStream
  readonly #serverMs: () => number
  /** Of the last entry that was read; undefined when all were. */
  #id: string | undefined = FIRST_ID

  constructor(stream: PurgeStream, serverMs: () => number) {
    this.#stream = stream
    this.#serverMs = serverMs
  }

  /** There is another table. */
  startOver(): void {
    this.#id = FIRST_ID
  }

  /** Reads on, where it is not done. @param tables By their names. */
  async read(connection: Connection, tables: ReadonlyMap<string, Floors>): Promise<void> {
    if (this.#id === undefined) return
    let last = this.#id
    for await (const page of this.#stream.after(connection, last)) {
      const begun = last
      for (const { id, fields } of page) {
        const purge = purgeOf(fields)
        if (purge !== undefined) tables.get(purge.table)?.raise(purge.scope, this.#stream.atMs(id))
        last = id
      }
      // Where the time is too short for all, the next look goes on.
      if (this.#id === begun) this.#id = last
    }
    // What is gone from the stream may have been a purge of anything.
    const unknownMs = this.#serverMs() - KEPT_MS
    const first = await this.#stream.firstOfFull(connection)
    for (const floors of tables.values())
      floors.ignoreBefore(first === undefined ? unknownMs : Math.max(unknownMs, this.#stream.atMs(first)))
    if (this.#id === last) this.#id = undefined
  }
}
