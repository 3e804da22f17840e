/**
 * What a client of any protocol makes of a reply: the value that Postfix would accept, or why there is none.
 */
import { isUtf8 } from 'node:buffer'
import { permanentFor, type ReasonCatalogue, temporaryFor } from '../core/reason.ts'
import { found, type LookupResult, type Permanent, type Temporary } from '../core/result.ts'

export const REPLY_REASONS = {
  wrongProtocol: {
    cause: 'unreadable',
    text: 'the server sent a reply that is not of the … protocol',
    advice: 'another protocol is spoken at that address',
  },
  wrongQuoting: {
    cause: 'unreadable',
    text: 'the server sent a reply with a % that is not followed by two hex digits',
    advice: 'tcp_table: the server must quote `%`, white space and control characters',
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
  unsentKey: {
    cause: 'bad-request',
    text: 'Postfix never asks for an empty key or one with white space here, and takes it for "not found"; use socketmap',
    advice: 'memcache: its commands are words between spaces',
  },
  nulKey: {
    cause: 'bad-request',
    text: 'the protocol cannot carry a key with a NUL byte',
    advice: 'proxymap: a NUL byte ends each name and value',
  },
  tryLater: {
    cause: 'service',
    text: 'the server says: try again later',
    advice: 'proxymap: its log says why',
  },
  badRequest: {
    cause: 'bad-request',
    text: 'the server says that the request is bad (BAD)',
    advice: 'proxymap: another dialect is spoken at that socket',
  },
  denied: {
    cause: 'refused',
    text: 'the server refuses access to this table (DENY); see its proxy_read_maps',
    advice: 'proxymap: of Postfix; add the table to `proxy_read_maps`',
  },
  wrongSetUp: {
    cause: 'refused',
    text: 'the server says that the table is set up wrongly (CONFIG)',
    advice: 'proxymap: its log says why',
  },
} as const satisfies ReasonCatalogue

/** @param protocol Its name. */
export function notOfProtocol(protocol: string): Temporary {
  return temporaryFor(REPLY_REASONS.wrongProtocol, protocol)
}

export function wronglyQuoted(): Temporary {
  return temporaryFor(REPLY_REASONS.wrongQuoting)
}

/** For a key that Postfix does not send. */
export function unsentKey(): Permanent {
  return permanentFor(REPLY_REASONS.unsentKey)
}

/** The value of a reply that has one. */
export function replyValue(bytes: Buffer): LookupResult {
  if (bytes.length === 0) return temporaryFor(REPLY_REASONS.emptyResult)
  return isUtf8(bytes) ? found(bytes.toString()) : temporaryFor(REPLY_REASONS.notUtf8)
}
