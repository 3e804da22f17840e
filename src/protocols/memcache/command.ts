/**
 * The command lines of memcached's text protocol, as far as they are taken here.
 *
 * Source: memcached's doc/protocol.txt.
 */

import type { EntryLife } from '../../core/store/store.ts'

/** The name in a command, taken apart at its first slash. */
export interface TableKey {
  readonly table: string
  readonly key: Buffer
  /** Both, as they were. */
  readonly name: Buffer
}

/** A command that is followed by a value. */
export interface SetCommand {
  readonly kind: 'set'
  /** Undefined where the value is only read to get past it. */
  readonly target: TableKey | undefined
  /** False for the other commands that store: `add`, `cas` and so on. */
  readonly isKnown: boolean
  /** How long the entry lives, where the command says so. */
  readonly life: EntryLife
  /** Of the value, without its line end. */
  readonly bytes: number
  readonly isQuiet: boolean
}

type MemcacheCommand =
  | ({ readonly kind: 'get' } & TableKey)
  | ({ readonly kind: 'delete'; readonly isQuiet: boolean } & TableKey)
  | SetCommand
  | { readonly kind: 'version' | 'quit' | 'no-table' | 'unknown' }

const SPACE = 0x20
const SLASH = 0x2f
const CARRIAGE_RETURN = 0x0d

/** Commands with a value behind them that are not taken: it must not be read as commands. */
const OTHER_STORING: ReadonlySet<string> = new Set(['add', 'replace', 'append', 'prepend', 'cas'])

/** A length. Ours: ten digits are more than anybody may mean. */
const BYTES = /^\d{1,10}$/

const TTL = /^-?\d{1,10}$/

/** A longer time is a date. Source: memcached's doc/protocol.txt, "Expiration times". */
const MAX_TTL_S = 30 * 24 * 60 * 60
const MS_PER_SECOND = 1000

/** Words of the longest command: `cas NAME FLAGS TTL BYTES UNIQUE noreply`. */
const MAX_WORDS = 7

/** @param line Without its newline; a carriage return at its end belongs to the line end. */
export function parseCommand(line: Buffer): MemcacheCommand {
  const [verb = NOTHING, ...words] = wordsOf(line)
  const command = verb.toString('latin1')
  if (command === 'get') return words.length === 1 ? named(words[0]) : { kind: 'no-table' }
  if (command === 'set' || OTHER_STORING.has(command)) return storing(command === 'set', words)
  if (command === 'delete') return deleting(words)
  return words.length === 0 && (command === 'version' || command === 'quit')
    ? { kind: command }
    : { kind: 'unknown' }
}

const NOTHING = Buffer.alloc(0)

function named(name: Buffer | undefined): MemcacheCommand {
  const target = tableKey(name)
  return target === undefined ? { kind: 'no-table' } : { kind: 'get', ...target }
}

function deleting([name, ...rest]: readonly Buffer[]): MemcacheCommand {
  const target = tableKey(name)
  if (target === undefined) return { kind: 'no-table' }
  // Old clients send a time of 0.
  const options = rest.map(String).filter((word) => word !== '0')
  const isQuiet = options[0] === 'noreply'
  return options.length === (isQuiet ? 1 : 0) ? { kind: 'delete', isQuiet, ...target } : { kind: 'unknown' }
}

function storing(isKnown: boolean, words: readonly Buffer[]): MemcacheCommand {
  const [name, _flags, ttl, length, last] = words
  const text = length?.toString('latin1') ?? ''
  const life = entryLife(ttl?.toString('latin1') ?? '')
  if (!BYTES.test(text) || life === undefined) return { kind: 'unknown' }
  const target = isKnown ? tableKey(name) : undefined
  return { kind: 'set', target, isKnown, life, bytes: Number(text), isQuiet: last?.toString() === 'noreply' }
}

/** Seconds; 0: as the server likes; more than 30 days: a date; less than 0: gone at once. Undefined where it is no number. */
function entryLife(ttl: string): EntryLife | undefined {
  if (!TTL.test(ttl)) return undefined
  const seconds = Number(ttl)
  if (seconds > MAX_TTL_S) return { expiresAtMs: seconds * MS_PER_SECOND }
  return seconds === 0 ? {} : { ttlMs: Math.max(0, seconds) * MS_PER_SECOND }
}

/** Split at the first slash only: a key may hold more of them. */
function tableKey(name: Buffer = NOTHING): TableKey | undefined {
  const slash = name.indexOf(SLASH)
  if (slash <= 0) return undefined
  // Latin-1 keeps every byte apart, so that no odd byte can turn into the name of a table.
  return { table: name.toString('latin1', 0, slash), key: name.subarray(slash + 1), name }
}

function wordsOf(line: Buffer): Buffer[] {
  const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length
  const words: Buffer[] = []
  for (let at = 0; at < end && words.length <= MAX_WORDS; ) {
    const space = line.indexOf(SPACE, at)
    const wordEnd = space === -1 || space > end ? end : space
    if (wordEnd > at) words.push(line.subarray(at, wordEnd))
    at = wordEnd + 1
  }
  return words
}
