/**
 * A table that says whether a key exists, for another table's stale "not found" (outage-rules.ts).
 *
 * `@domain` is no proof: everybody exists there, and the backend refuses who does not. Neither is a key that is found only since the
 * "not found" was given: a service that takes the new alias for a recipient knows it, and the backend refuses it. Nor one whose
 * domain Postfix treats as another class, where it never asks the proof table: it rejects what has no alias there
 * (ADDRESS_CLASS_README).
 */
import type { Clock } from '../clock.ts'
import { comparableDomain } from '../key/idn.ts'
import { isPossibleKey } from '../key/key.ts'
import type { Sourced } from '../result.ts'
import { LookupContext } from '../source/lookup-context.ts'
import type { Table } from '../table.ts'
import type { ProofTable } from './outage-rules.ts'

/** Tables, among those that run now, that say which class the domain of an address is of. */
export interface DomainClasses {
  /** Where there are any, one of them must know the domain. */
  readonly own: () => readonly Table[]
  /** None of them may know the domain. */
  readonly other: () => readonly Table[]
}

const ANY_CLASS: DomainClasses = { own: () => [], other: () => [] }

export class TableProof implements ProofTable {
  readonly name: string
  readonly #table: () => Table | undefined
  readonly #classes: DomainClasses
  readonly #clock: Clock
  readonly #onDefect: (error: unknown, where: string) => void

  /** @param table Finds the table that runs now, so that a reload is followed. */
  constructor(
    name: string,
    table: () => Table | undefined,
    clock: Clock,
    onDefect: (error: unknown, where: string) => void,
    classes: DomainClasses = ANY_CLASS,
  ) {
    this.#classes = classes
    this.name = name
    this.#table = table
    this.#clock = clock
    this.#onDefect = onDefect
  }

  refusal(key: string, asked: string, notFoundForMs: number): string | undefined {
    const table = this.#table()
    const foundForMs = table?.knownFoundForMs(table.foldCase ? key.toLowerCase() : asked)
    if (table === undefined || foundForMs === undefined) return `${this.name} is not known to have the key`
    // It was asked because of the "not found", so its answer may be younger by the time that it may take.
    if (foundForMs + table.deadlineMs < notFoundForMs)
      return `${this.name} has the key only since its last "not found"`
    return this.#classRefusal(key)
  }

  #classRefusal(key: string): string | undefined {
    const domain = domainOf(key)
    if (domain === undefined) return undefined
    const own = this.#classes.own()
    if (own.length > 0 && !own.some((table) => knows(table, domain)))
      return `${own.map(({ name }) => name).join(', ')} is not known to have ${domain}`
    const other = this.#classes.other().find((table) => knows(table, domain))
    return other && `${other.name} has ${domain}, where ${this.name} is not asked`
  }

  ask(key: string, asked: string, deadlineMs: number): Promise<void> | undefined {
    const table = this.#table()
    if (table === undefined) return undefined
    return this.#lookUp(table, table.foldCase ? key.toLowerCase() : asked, () => {}, deadlineMs)
  }

  prove(key: string, asked: string, found: () => void): void {
    const table = this.#table()
    if (table === undefined) return
    const tell = () => {
      if (this.refusal(key, asked, 0) === undefined) found()
    }
    void this.#lookUp(table, table.foldCase ? key.toLowerCase() : asked, ({ result }) => {
      if (result.kind !== 'found') return
      tell()
      const domain = domainOf(key)
      const own = this.#classes.own()
      if (domain === undefined || own.some((one) => knows(one, domain))) return
      for (const one of own) void this.#lookUp(one, domain, tell)
    })
  }

  /** @returns A promise while the answer has to be waited for; it does not reject. */
  #lookUp(
    table: Table,
    key: string,
    done: (answer: Sourced) => void,
    deadlineMs = Number.POSITIVE_INFINITY,
  ): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs()
    const timeoutMs = Math.max(0, Math.min(table.deadlineMs, deadlineMs - nowMs))
    const isPossible = isPossibleKey(key)
    const context = new LookupContext(key, nowMs, timeoutMs, false, undefined, undefined, false, isPossible)
    const fail = (error: unknown) => this.#onDefect(error, `proof table ${table.name}`)
    try {
      const answer = table.lookup(key, context)
      if (answer instanceof Promise) {
        context.hasToWait()
        return answer.then(done).catch(fail)
      }
      done(answer)
    } catch (error) {
      fail(error)
    }
    return undefined
  }
}

function domainOf(key: string): string | undefined {
  const at = key.lastIndexOf('@')
  return at === -1 ? undefined : key.slice(at + 1).toLowerCase()
}

function knows(table: Table, domain: string): boolean {
  if (table.knownFoundForMs(domain) !== undefined) return true
  const spelling = comparableDomain(domain)
  return spelling !== domain && table.knownFoundForMs(spelling) !== undefined
}
