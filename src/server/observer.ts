/**
 * What a listener tells the outside, as it happens. The implementation counts and logs.
 *
 * None may throw, and those that run for every connection only add to plain numbers.
 */
import type { RequestError, ViolationCode } from '../protocols/protocol.ts'

/** Why a new connection was refused. A closed set: it is a metric label. */
export type RefusalReason =
  | 'allow' // the address is in no allowed network
  | 'limit' // the listener is full, or descriptors run out, and none of its connections is idle
  | 'address-limit' // the client address has all its connections, and none of them is idle

/** What went wrong on a connection. A closed set: it is a metric label. */
export type ProtocolErrorKind =
  | ViolationCode
  | RequestError
  | 'request-limit' // a line longer than a request may be; skipped and answered
  | 'request-timeout' // a request was begun and not finished in time; closed
  | 'reply-timeout' // replies were not read in time; closed
  | 'table' // a table name that this listener does not serve; answered

/** Is told what happens at one listener. */
export interface ListenerObserver {
  connectionOpened(): void
  /** Also called for a connection that was shed. */
  connectionClosed(): void
  /** The longest idle connection was closed to make room. */
  connectionShed(): void
  connectionRefused(reason: RefusalReason): void
  protocolError(kind: ProtocolErrorKind): void
  /** A connection could not be accepted. Accepting goes on. */
  acceptFailed(error: Error): void
  /** An exception where none may be: a bug. The request was answered as temporary. */
  defect(error: unknown): void
}

/** Observes nothing: for the library and for tests. */
export const silentListenerObserver: ListenerObserver = {
  connectionOpened: () => {},
  connectionClosed: () => {},
  connectionShed: () => {},
  connectionRefused: () => {},
  protocolError: () => {},
  acceptFailed: () => {},
  defect: () => {},
}
