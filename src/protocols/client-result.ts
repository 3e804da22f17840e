/**
 * What a client of any protocol makes of a reply: the value that Postfix would accept, or why there is none.
 */
import { isUtf8 } from 'node:buffer'
import { type ReasonCatalogue, temporaryFor } from '../core/reason.ts'
import { found, type LookupResult, type Temporary } from '../core/result.ts'

/** What every client may say; what one of them says by itself is in its folder. */
export const REPLY_REASONS = {
  wrongProtocol: {
    cause: 'unreadable',
    text: 'the server sent a reply that is not of the … protocol',
    advice: 'another protocol is spoken at that address',
  },
  emptyResult: {
    cause: 'unreadable',
    text: 'the server sent an empty result, which Postfix does not accept',
    advice: 'the server must answer "not found" instead',
  },
  notUtf8: {
    cause: 'unreadable',
    text: 'the server sent a result that is not UTF-8',
    advice: 'the server must send its values in UTF-8',
  },
} as const satisfies ReasonCatalogue

/** @param protocol Its name. */
export function notOfProtocol(protocol: string): Temporary {
  return temporaryFor(REPLY_REASONS.wrongProtocol, protocol)
}

/** The value of a reply that has one. */
export function replyValue(bytes: Buffer): LookupResult {
  if (bytes.length === 0) return temporaryFor(REPLY_REASONS.emptyResult)
  return isUtf8(bytes) ? found(bytes.toString()) : temporaryFor(REPLY_REASONS.notUtf8)
}
