/**
 * How much a client may send in one request, for every protocol.
 */

/**
 * Longest request, in bytes: a netstring's payload, or a line without its newline.
 * Ours: Postfix sends keys of at most 10,000 bytes (newest) and sets no limit before that; 128 KiB
 * answers every client that means it, and bounds what one connection can make us hold.
 */
export const MAX_REQUEST_BYTES = 131_072
