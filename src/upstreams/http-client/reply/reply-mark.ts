/**
 * The mark that a table demands of a kind of reply: something that only the service itself sets. And the replies that
 * refuse somebody who logs in: those of a `refused` status, with the mark that `refusedMark` demands. Pure.
 *
 * A refusal lets a mail program throw its password away, and a 401 may as well be about the credentials of mapgate: what
 * is not clearly the service's word about the password is none.
 */

import type { Reply } from '../../../core/upstream.ts'
import type { ReplyMarkSettings, ResponseSettings } from '../settings.ts'
import { readJson } from './body-values.ts'
import { JsonPath } from './json-path.ts'
import { type HttpResponse, headerText, mediaType } from './response.ts'

/** Most nodes that are looked at. Ours: one is enough. */
const MAX_MARK_NODES = 1000

export class ReplyMark {
  readonly #contentType: string | undefined
  readonly #header: { readonly name: string; readonly value: string | undefined } | undefined
  readonly #jsonPath: JsonPath | undefined

  /** @throws TypeError for a text that is no JSONPath: the configuration was not checked. */
  constructor({ contentType, header, jsonPath }: ReplyMarkSettings) {
    this.#contentType = contentType
    this.#header = header === undefined ? undefined : fieldOf(header)
    this.#jsonPath = jsonPath === undefined ? undefined : new JsonPath(jsonPath)
  }

  /** Returns whether a reply carries all of it. */
  isOn(response: HttpResponse): boolean {
    const { headers } = response
    if (this.#contentType !== undefined && mediaType(headers) !== this.#contentType) return false
    if (this.#header !== undefined) {
      const text = headerText(headers, this.#header.name)
      if (text === undefined) return false
      if (this.#header.value !== undefined && text.trim().toLowerCase() !== this.#header.value) return false
    }
    return this.#jsonPath === undefined || selects(this.#jsonPath, response)
  }
}

function fieldOf(text: string): { name: string; value: string | undefined } {
  const colon = text.indexOf(':')
  if (colon === -1) return { name: text.toLowerCase(), value: undefined }
  return {
    name: text.slice(0, colon).toLowerCase(),
    value: text
      .slice(colon + 1)
      .trim()
      .toLowerCase(),
  }
}

function selects(path: JsonPath, response: HttpResponse): boolean {
  const body = readJson(response)
  if ('reason' in body) return false
  const selected = path.select(body.json, MAX_MARK_NODES)
  return selected.kind === 'too-many' || (selected.kind === 'nodes' && selected.values.length > 0)
}

/** What refuses. */
export interface Refusal {
  readonly statuses: ReadonlySet<number>
  readonly mark: ReplyMark | undefined
}

/** Undefined where nobody logs in. */
export function compileRefusal({ refused, refusedMark }: ResponseSettings): Refusal | undefined {
  return refused && { statuses: new Set(refused), mark: refusedMark && new ReplyMark(refusedMark) }
}

/**
 * Whether a reply refuses: `unmarked` for one whose status does and whose mark is missing, `perhaps` for one that is to
 * carry no mark. Undefined for every other.
 */
export function refusalIn(
  response: HttpResponse,
  refusal: Refusal | undefined,
): 'marked' | 'unmarked' | 'perhaps' | undefined {
  if (refusal?.statuses.has(response.status) !== true) return undefined
  if (refusal.mark === undefined) return 'perhaps'
  return refusal.mark.isOn(response) ? 'marked' : 'unmarked'
}

/** A 401 or 403 that could refuse who logs in and does not is about the credentials of mapgate, as in other tables. */
export function orOfCredentials(reply: Reply): Reply {
  const { status, result } = reply
  if (result.kind !== 'temporary' || (status !== 401 && status !== 403)) return reply
  return { ...reply, evidence: 'none', retry: 'other-endpoint' }
}
