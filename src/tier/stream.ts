/**
 * Replies of Valkey and Redis about streams and hashes, as they are or as damaged as somebody made them.
 * https://redis.io/docs/latest/develop/data-types/streams/
 */
import type { Reply } from './connection.ts'

/** The id of an entry: server ms, and a number within it. */
export const ID = /^\d+-\d+$/

/** Before all entries. */
export const FIRST_ID = '0-0'

export interface StreamEntry {
  readonly id: string
  readonly fields: ReadonlyMap<string, string>
}

/** Server ms of an entry. */
export function idMs(id: string): number {
  return Number(id.slice(0, id.indexOf('-')))
}

/** Returns whether an entry came before another. */
export function isBefore(id: string, other: string): boolean {
  const [ms, otherMs] = [idMs(id), idMs(other)]
  return ms === otherMs ? numberOf(id) < numberOf(other) : ms < otherMs
}

/** Among those of the same ms. */
function numberOf(id: string): number {
  return Number(id.slice(id.indexOf('-') + 1))
}

/** @throws for what is no part of a stream. */
export function entriesOf(reply: Reply): readonly StreamEntry[] {
  if (!Array.isArray(reply)) throw new Error('the reply is no stream; is this Valkey, or Redis 6 or later?')
  return reply.map((entry: Reply) => {
    const [id, fields] = Array.isArray(entry) ? entry : []
    if (!ID.test(String(id))) throw new Error('the stream of purges is damaged')
    return { id: String(id), fields: new Map(pairsOf(fields)) }
  })
}

/** Of a list that alternates, or a map of RESP3. */
export function pairsOf(reply: Reply): readonly (readonly [string, string])[] {
  if (!Array.isArray(reply)) return Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)])
  const texts = reply.map(String)
  return texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? '']] : []))
}
