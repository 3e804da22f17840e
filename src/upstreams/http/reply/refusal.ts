/**
 * Replies that refuse somebody who logs in: those of a `refused` status, with the mark that `refusedMark` demands. Pure.
 *
 * A refusal lets a mail program throw its password away, and a 401 may as well be about the credentials of mapgate: what
 * is not clearly the service's word about the password is none.
 */

import type { ResponseSettings } from '../settings.ts'
import { ReplyMark } from './reply-mark.ts'
import type { HttpResponse } from './response.ts'

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
