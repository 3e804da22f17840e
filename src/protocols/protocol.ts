/**
 * What a session needs from a protocol: frames out of bytes, requests out of frames, and
 * replies out of results. Pure: no socket, no clock, no log.
 */
import type { LookupResult } from '../core/result.ts'

/** One step of a decoder. */
export type DecodeStep =
  | { readonly kind: 'frame'; readonly payload: Buffer }
  /** Nothing more to read before the next push. */
  | { readonly kind: 'more' }
  /** A complete request that cannot be served; the stream goes on behind it. */
  | { readonly kind: 'skipped'; readonly reply: string }
  /** The stream cannot be read on. Final: every later read returns it again. */
  | { readonly kind: 'violation'; readonly code: ViolationCode; readonly offset: number }

/** How a stream broke its protocol. A closed set: it is a metric label. */
export type ViolationCode =
  | 'length-syntax' // not a decimal length, or a leading zero
  | 'length-limit' // longer than a request may be
  | 'missing-comma' // a netstring that does not end where it said

export const MORE: DecodeStep = Object.freeze({ kind: 'more' })

/** Splits a byte stream into frames. Holds no more than one request and one socket read. */
export interface Decoder {
  /** Appends received bytes. The decoder keeps `chunk`; the caller must not reuse it. */
  push(chunk: Buffer): void
  /** Returns one step. Call until it returns `more` or `violation`. */
  read(): DecodeStep
  /** Bytes of a request that has begun and is not complete; 0 between requests. */
  readonly pendingBytes: number
}

/** What a frame asks. */
export type Request =
  /** `table` is undefined where the protocol has no table name: the listener knows it. */
  | { readonly kind: 'query'; readonly table: string | undefined; readonly key: Buffer }
  /** Not a lookup; the reply says so. `error` is a closed set: it is a metric label. */
  | { readonly kind: 'refused'; readonly reply: string; readonly error: RequestError }

export type RequestError =
  | 'bad-request' // a frame that is no request of this protocol
  | 'bad-quoting' // a `%` that is not followed by two hex digits
  | 'put' // an update, which no table here takes

/** One protocol, server side. */
export interface ServerProtocol {
  readonly name: 'socketmap' | 'tcp_table'
  createDecoder(): Decoder
  parseRequest(payload: Buffer): Request
  /** The whole reply as text; the session sends it as UTF-8. Always within what the client accepts. */
  encodeReply(result: LookupResult): string
}
