/**
 * What the comparisons of one table with its shadow showed: counts since the start, and the last differences.
 */
import type { Clock } from '../clock.ts'
import type { Found, NotFound } from '../result.ts'

/**
 * What came of asking the shadow, too. A closed set: it is a metric label.
 *
 *   same      both found the same values, or neither found any
 *   differs   one of them found the key alone, or both found other values
 *   failed    the shadow could not say
 *   busy      the shadow had no slot free, so that it was not asked
 */
export const SHADOW_RESULTS = ['same', 'differs', 'failed', 'busy'] as const

type ShadowResult = (typeof SHADOW_RESULTS)[number]

/** Differences that are kept, of each table. Ours: more than anybody reads, and about 1 MB with the longest values. */
const MAX_DIFFERENCES = 50

/** Longest key and value that is kept of a difference, UTF-16 units. Ours: enough to see what differs. */
const MAX_KEPT_LENGTH = 4096

/** A key that the shadow answers in another way. */
export interface ShadowDifference {
  /** Wall clock ms. */
  readonly atMs: number
  /** The key that the upstream was asked for: one of the search keys of a lookup. */
  readonly key: string
  /** What the table's own upstream said. */
  readonly own: Found | NotFound
  readonly shadow: Found | NotFound
}

/** For the metrics and the status. */
export interface ShadowStatus extends Readonly<Record<ShadowResult, number>> {
  /** Name of the upstream that is asked beside the table's own. */
  readonly upstream: string
  /** Of the misses, above 0 to 1. */
  readonly share: number
}

export class ShadowRecord {
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #counts: Record<ShadowResult, number> = { same: 0, differs: 0, failed: 0, busy: 0 }
  #differences: readonly ShadowDifference[] = []

  constructor(clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock
  }

  /** The latest first. */
  get differences(): readonly ShadowDifference[] {
    return this.#differences
  }

  get counts(): Readonly<Record<ShadowResult, number>> {
    return { ...this.#counts }
  }

  count(result: ShadowResult): void {
    this.#counts[result] += 1
  }

  differs(key: string, own: Found | NotFound, shadow: Found | NotFound): void {
    this.count('differs')
    const difference = {
      atMs: this.#clock.wallMs(),
      key: key.slice(0, MAX_KEPT_LENGTH),
      own: shortened(own),
      shadow: shortened(shadow),
    }
    this.#differences = [difference, ...this.#differences].slice(0, MAX_DIFFERENCES)
  }
}

function shortened(result: Found | NotFound): Found | NotFound {
  if (result.kind === 'notfound' || result.value.length <= MAX_KEPT_LENGTH) return result
  return { kind: 'found', value: `${result.value.slice(0, MAX_KEPT_LENGTH)}…` }
}
