/**
 * What every framing gives: frames out of bytes. Pure: no socket, no clock, no log.
 */

/**
 * Longest request, in bytes: a netstring's payload, or a line without its newline.
 * Ours: Postfix sends keys of at most 10,000 bytes (newest) and sets no limit before that; 128 KiB
 * answers every client that means it, and bounds what one connection can make us hold.
 */
export const MAX_REQUEST_BYTES = 131_072

/** One step of a decoder. */
export type DecodeStep =
  | { readonly kind: 'frame'; readonly payload: Buffer }
  /** Nothing more to read before the next push. */
  | { readonly kind: 'more' }
  /** A complete frame that was too long to hold; the stream goes on behind it. */
  | { readonly kind: 'skipped' }
  /** The stream cannot be read on. Final: every later read returns it again. */
  | Violation

export interface Violation {
  readonly kind: 'violation'
  readonly code: ViolationCode
  /** Of the byte that broke the rule, counted from the first byte of the stream. */
  readonly offset: number
  /** That byte. */
  readonly byte: number
}

/** How a stream broke its framing. */
export type ViolationCode =
  | 'length-syntax' // not a decimal length, or a leading zero
  | 'length-limit' // longer than a request may be
  | 'missing-comma' // a netstring that does not end where it said

export const MORE: DecodeStep & { readonly kind: 'more' } = Object.freeze({ kind: 'more' })

/** Splits a byte stream into frames. Holds no more than one frame and one socket read. */
export interface Decoder {
  /** Appends received bytes. The decoder keeps `chunk`; the caller must not reuse it. */
  push(chunk: Buffer): void
  /** Returns one step. Call until it returns `more` or `violation`. */
  read(): DecodeStep
  /** Bytes of a frame that has begun and is not complete; 0 between frames. */
  readonly pendingBytes: number
}
