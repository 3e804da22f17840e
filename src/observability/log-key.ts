/**
 * How a looked-up key is shown in logs and events: keys are addresses of people, and an operator
 * may not want them there (`log.keys`).
 */
import { createHmac } from 'node:crypto'

/** As `log.keys` of the configuration. */
export type KeyStyle = 'plain' | 'hash' | 'none'

/**
 * Characters kept of the HMAC, hexadecimal: 64 bits tell millions of keys apart, and the rest
 * would only make lines long. Ours.
 */
const HASH_LENGTH = 16

/** Longest key shown plain, in characters. Ours: an address has at most 320 (RFC 3696 errata 1690: 254). */
const MAX_SHOWN_LENGTH = 320

/** Shows a key, or undefined for "leave it out". */
export type RenderKey = (key: Buffer | string) => string | undefined

/** Shows several keys; undefined where none is to be shown. */
export function shownKeys(keys: readonly string[], renderKey: RenderKey): readonly string[] | undefined {
  const shown = keys.flatMap((key) => renderKey(key) ?? [])
  return shown.length === 0 ? undefined : shown
}

/**
 * Makes the renderer for one style.
 *
 * @param hashKey Key of the HMAC-SHA256; only used by `hash`. The same key gives the same hash, so
 *   that lines about one address can be found by somebody who knows the hash key.
 */
export function keyRenderer(style: KeyStyle, hashKey: string): RenderKey {
  switch (style) {
    case 'none':
      return () => undefined
    case 'hash':
      return (key) => createHmac('sha256', hashKey).update(key).digest('hex').slice(0, HASH_LENGTH)
    case 'plain':
      return (key) => {
        const text = typeof key === 'string' ? key : key.toString('utf8')
        return text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, MAX_SHOWN_LENGTH)}…`
      }
  }
}
