/**
 * An entry of a list as the table has it: the key made comparable, the values checked and put into `response.format`
 * as those of a single reply. Pure.
 */
import { comparableAddress } from '../../core/key/idn.ts'
import { normaliseKey } from '../../core/key/key.ts'
import { BODY_REASONS } from '../http-client/reply/body-reasons.ts'
import { collect, readDocument } from '../http-client/reply/body-values.ts'
import { JsonPath } from '../http-client/reply/json-path.ts'
import { compileResponse, mapValues } from '../http-client/reply/response-mapping.ts'
import type { KeyChange } from './copy-record.ts'
import { isGone } from './deleted-mark.ts'
import { ListError } from './list-error.ts'
import type { RawEntry } from './list-formats.ts'
import { REPLICA_REASONS } from './reasons.ts'
import type { ListSettings } from './settings.ts'

/** Longest key of a list, bytes. Ours, within LMDB's 1978: an address has 320 (RFC 5321 section 4.5.3.1). */
export const MAX_LISTED_KEY_BYTES = 1024

/** Stands for the reply that the entry would have come in. */
const REPLY = { status: 200, headers: {}, body: Buffer.alloc(0) }

const EMPTY_VALUE = 'this value is empty, and an entry needs one; to remove the entry, use DELETE'

/** Reads the entries of one list. */
export class EntryReader {
  readonly #key: JsonPath | undefined
  readonly #value: JsonPath | undefined
  readonly #foldCase: boolean
  readonly #mapping: ReturnType<typeof compileResponse>
  readonly #deleted: JsonPath

  /** @throws TypeError for settings that were not checked. */
  constructor({
    list,
    response,
    usedBy,
    foldCase,
  }: Pick<ListSettings, 'list' | 'response' | 'usedBy' | 'foldCase'>) {
    this.#key = list.key === undefined ? undefined : new JsonPath(list.key)
    this.#value = list.value === undefined ? undefined : new JsonPath(list.value)
    this.#foldCase = foldCase
    this.#mapping = compileResponse({ ...response, value: undefined, error: undefined }, false, usedBy)
    this.#deleted = new JsonPath(list.deleted)
  }

  /**
   * @param at Position in the list, from 1.
   * @returns Key and result; undefined for an entry without any value, which a lookup would not find.
   * @throws ListError for what no entry may be.
   */
  read(entry: RawEntry, at: number): readonly [key: string, result: string] | undefined {
    const key = this.#listedKey(entry, at)
    const { result } = this.#map(entry.item, key)
    if (result.kind === 'notfound') return undefined
    if (result.kind === 'found') return [key, result.value]
    throw new ListError(REPLICA_REASONS.badEntry, at, whyNot(result, 'it'))
  }

  /**
   * As `read`, for an entry of the changes: without a result where the key is gone.
   *
   * @throws ListError for what no entry may be.
   */
  readChange(entry: RawEntry, at: number): KeyChange {
    const selected = this.#deleted.select(entry.item, 1)
    const isDeleted = selected.kind === 'nodes' ? isGone(selected.values[0]) : undefined
    if (isDeleted === undefined) throw new ListError(REPLICA_REASONS.unclearDeletion, at)
    if (!isDeleted) {
      const changed = this.read(entry, at)
      if (changed !== undefined) return changed
    }
    return [this.#listedKey(entry, at), undefined]
  }

  /**
   * What a push does, its value as if it were in the list; or why it cannot be.
   *
   * @param item Undefined where the key is gone.
   */
  pushed(text: string, item: unknown): KeyChange | { readonly why: string } {
    const listed = listedKey(text, this.#foldCase)
    if ('why' in listed) return { why: `nobody can ask for this key: ${listed.why}` }
    const { key } = listed
    if (item === undefined) return [key, undefined]
    const { result } = this.#map(item, key)
    if (result.kind === 'found') return [key, result.value]
    return { why: result.kind === 'notfound' ? EMPTY_VALUE : whyNot(result, 'this value') }
  }

  #map(item: unknown, key: string) {
    const { maxValues } = this.#mapping.format
    const body =
      this.#value === undefined
        ? collect([item])
        : readDocument(item, { value: this.#value, error: undefined, maxValues })
    return mapValues(body, REPLY, this.#mapping, key)
  }

  #listedKey(entry: RawEntry, at: number): string {
    const key = listedKey(this.#keyOf(entry, at), this.#foldCase)
    if ('why' in key) throw new ListError(REPLICA_REASONS.impossibleKey, at, key.why)
    return key.key
  }

  #keyOf({ name, item }: RawEntry, at: number): string {
    if (this.#key === undefined) {
      const text = name ?? item
      if (typeof text === 'string') return text
      throw new ListError(REPLICA_REASONS.noKey, at)
    }
    const selected = this.#key.select(item, 1)
    const [text] = selected.kind === 'nodes' ? selected.values : []
    if (typeof text === 'string') return text
    if (typeof text === 'number' && Number.isSafeInteger(text)) return String(text)
    throw new ListError(REPLICA_REASONS.noKey, at)
  }
}

/** Why an entry cannot be one: the reasons are those of single replies, whose setting is another one. */
function whyNot(result: ReturnType<typeof mapValues>['result'], what: string): string {
  const reason = 'reason' in result ? result.reason : ''
  return reason === BODY_REASONS.selectsNothing.text ? `replica.value selects nothing in ${what}` : reason
}

/** The key as lookups search it, its domain in one spelling; or why nobody can ask for it. */
export function listedKey(
  text: string,
  foldCase: boolean,
): { readonly key: string } | { readonly why: string } {
  if (text === '') return { why: 'empty' }
  // Inside it may stand: Postfix asks for `"ann b"@example.com` with its quotes, and without them.
  if (text.trim() !== text) return { why: 'a blank at its beginning or end' }
  if (/\p{Cs}/u.test(text)) return { why: 'half a character (a lone surrogate)' }
  const normalised = normaliseKey(Buffer.from(text), foldCase)
  if (normalised.kind === 'impossible') return { why: normalised.why }
  const key = comparableAddress(normalised.key)
  return Buffer.byteLength(key) > MAX_LISTED_KEY_BYTES ? { why: 'too long' } : { key }
}
