/**
 * Replies of proxymap(8), in either dialect. Names, order and number of the attributes are fixed: Postfix takes a reply
 * with one more or less for malformed, and asks again every second.
 *
 * Only four statuses are ever sent. BAD (3) and DENY (4) end the asking process, smtpd(8) in the middle of its session,
 * and master(8) then starts no other for a minute. To `open` only OK is ever said: with everything else Postfix asks
 * again every second, for ever.
 * Source: Postfix `src/global/dict_proxy.c` (dict_proxy_lookup, dict_proxy_open)
 */
import { attributeList } from './messages.ts'
import type { RequestName } from './request.ts'

export const STATUS_OK = 0
/** Not found; nothing to delete; the end of a sequence. */
export const STATUS_NOKEY = 1
/** Try again later. */
export const STATUS_RETRY = 2
/** Something is set up wrongly; the mail waits, too. Known since 3.4. */
export const STATUS_CONFIG = 5

export type Status = typeof STATUS_OK | typeof STATUS_NOKEY | typeof STATUS_RETRY | typeof STATUS_CONFIG

/** Flags of a table. Source: Postfix `src/util/dict.h`. */
export const FLAG_FIXED = 1 << 4
export const FLAG_PATTERN = 1 << 5
/** Set where the client leaves folding the case of keys to the server. */
export const FLAG_FOLD_FIX = 1 << 14

/** What a reply has to look like. */
export interface ReplyForm {
  readonly name: RequestName
  readonly isNew: boolean
  readonly flags: number
}

/** @param key Of the entry that a sequence came to. */
export function encodeReply(form: ReplyForm, status: Status, value = '', key = ''): string {
  switch (form.name) {
    case 'open':
      return attributeList('status', status, 'flags', form.flags)
    case 'lookup':
      return attributeList('status', status, ...flagsOf(form), 'value', value)
    case 'update':
    case 'delete':
      return attributeList('status', status, ...flagsOf(form))
    case 'sequence':
      return attributeList('status', status, ...flagsOf(form), 'key', key, 'value', value)
  }
}

/** Since 3.11 the client takes its flags from every reply: without those it sent, it forgets how to search. */
function flagsOf({ isNew, flags }: ReplyForm): readonly (string | number)[] {
  return isNew ? ['flags', flags] : []
}
