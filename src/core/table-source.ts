/**
 * What a table asks for one search key: an upstream, behind the table's answer store or
 * without one.
 */
import type { LookupContext } from './lookup-context.ts'
import type { Sourced } from './result.ts'

/** One upstream as a table sees it. */
export interface TableSource {
  readonly name: string
  /** Answers synchronously where it can; a promise settles before the deadline and does not reject. */
  ask(key: string, context: LookupContext): Sourced | Promise<Sourced>
}
