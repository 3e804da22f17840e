/**
 * What one request to proxymap(8) asks, in either dialect.
 *
 *   open       table, flags                       since 3.11 `instance_flags` in place of `flags`
 *   lookup     table, flags, key                  since 3.11 `instance_flags` before `flags`
 *   update     table, flags, key, value
 *   delete     table, flags, key
 *   sequence   table, flags, function
 *
 * The dialects are told apart by `instance_flags`, request by request: while Postfix is upgraded, old and new
 * programs ask at once.
 * Source: Postfix `src/global/dict_proxy.c`, `src/proxymap/proxymap.c`
 */
import { readAttributes } from './messages.ts'

export type RequestName = 'open' | 'lookup' | 'update' | 'delete' | 'sequence'

export interface ProxymapRequest {
  readonly name: RequestName
  /** As it is behind `proxy:` in main.cf, such as `mapgate:aliases`. */
  readonly table: string
  /** Those of the client, which are part of a reply since 3.11. */
  readonly flags: number
  /** Since 3.11. */
  readonly isNew: boolean
  readonly key: Buffer
  readonly value: Buffer
  /** Of `sequence`: from the first entry on, or behind the last one. */
  readonly isFirst: boolean
}

/** A request that cannot be answered as what it is; its reply still has the form that the client expects. */
export interface BadRequest {
  readonly name: 'bad'
  readonly expects: RequestName
  readonly isNew: boolean
}

const NOTHING = Buffer.alloc(0)
const NAMES: ReadonlySet<string> = new Set<RequestName>(['open', 'lookup', 'update', 'delete', 'sequence'])

/** Source: Postfix `src/util/dict.h`, DICT_SEQ_FUN_FIRST and DICT_SEQ_FUN_NEXT. */
const SEQUENCE_FIRST = '0'
const SEQUENCE_NEXT = '1'

/** An `int`, printed by `%u`. Source: Postfix `src/util/attr_print0.c`, ATTR_TYPE_INT. */
function isUnsigned32(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= 0xffff_ffff
}

/** @param message A whole list, or the head of one. */
export function readRequest(message: Buffer): ProxymapRequest | BadRequest {
  const attributes = readAttributes(message)
  const text = (name: string): string => attributes.get(name)?.toString('latin1') ?? ''
  const name = text('request')
  const isNew = attributes.has('instance_flags')
  if (!isRequestName(name)) return { name: 'bad', expects: 'lookup', isNew }
  const bad: BadRequest = { name: 'bad', expects: name, isNew }
  const flags = text(name === 'open' && isNew ? 'instance_flags' : 'flags')
  const [table, order] = [text('table'), text('function')]
  // Postfix opens `proxy:` without a name, too, and asks again for ever where that is not OK.
  if (!attributes.has('table') || !isUnsigned32(flags)) return bad
  if (NEEDED[name].some((needed) => !attributes.has(needed))) return bad
  if (name === 'sequence' && order !== SEQUENCE_FIRST && order !== SEQUENCE_NEXT) return bad
  return {
    name,
    table,
    flags: Number(flags),
    isNew,
    key: attributes.get('key') ?? NOTHING,
    value: attributes.get('value') ?? NOTHING,
    isFirst: order === SEQUENCE_FIRST,
  }
}

const NEEDED: Readonly<Record<RequestName, readonly string[]>> = {
  open: [],
  lookup: ['key'],
  update: ['key', 'value'],
  delete: ['key'],
  sequence: ['function'],
}

function isRequestName(text: string): text is RequestName {
  return NAMES.has(text)
}
