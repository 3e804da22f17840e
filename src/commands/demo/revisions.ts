/**
 * What has changed in a set of entries since it was first looked at: each difference that a look finds is a revision.
 *
 * A cursor is `START-REVISION`. Nothing is kept over a restart, so a cursor of another start is not known.
 */
export class Revisions {
  readonly #start: string
  #entries: ReadonlyMap<string, string> | undefined
  readonly #changedAt = new Map<string, number>()
  #revision = 0

  /** @param start Differs from that of every other start. */
  constructor(start: string) {
    this.#start = start
  }

  get cursor(): string {
    return `${this.#start}-${this.#revision}`
  }

  /** Looks at the entries as they are now. */
  look(entries: ReadonlyMap<string, unknown>): void {
    const now = new Map(Array.from(entries, ([key, entry]) => [key, JSON.stringify(entry)]))
    const before = this.#entries ?? now
    for (const key of new Set([...before.keys(), ...now.keys()]))
      if (before.get(key) !== now.get(key)) this.#changedAt.set(key, ++this.#revision)
    this.#entries = now
  }

  /** @returns Keys that have changed since, and those that are gone; undefined for a cursor that is not known. */
  since(cursor: string): readonly string[] | undefined {
    const [start, text = ''] = cursor.split('-')
    if (start !== this.#start || !/^\d{1,15}$/.test(text) || Number(text) > this.#revision) return undefined
    return Array.from(this.#changedAt).flatMap(([key, at]) => (at > Number(text) ? [key] : []))
  }
}
