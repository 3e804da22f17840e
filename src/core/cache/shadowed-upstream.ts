/**
 * A second upstream that is asked beside the table's own, to see whether it would answer the same.
 *
 *   own answer "found" or "not found" of the service itself, for a share of them
 *     -> in a later turn, so that nobody waits: the same key to the shadow, where it has a slot free
 *     -> compared, counted, and forgotten
 *
 * It is below the store: what it returns is the answer of the layer below, untouched. A question to the shadow has nobody who
 * waits, so that it never queues there, takes no last slot, and gives way to every lookup.
 */

import type { Clock } from '../clock.ts'
import type { Found, NotFound, Sourced } from '../result.ts'
import { outcomeOf } from '../shadow/comparison.ts'
import type { ShadowRecord } from '../shadow/shadow-record.ts'
import type { Answer, Upstream } from '../upstream.ts'
import type { PendingRequestSource } from './coalescing-upstream.ts'
import type { PendingRequest } from './pending-request.ts'

/** The shadow of a table. */
export interface Shadow {
  readonly upstream: Upstream
  /** Of the misses that are compared, above 0 to 1. */
  readonly share: number
  /** Longest time for one question, ms. */
  readonly timeoutMs: number
  readonly record: ShadowRecord
}

interface ShadowParts {
  readonly clock: Clock
  /** Numbers from 0 up to 1. */
  readonly random: () => number
  /** Called with unexpected exceptions (bugs). */
  readonly onDefect: (error: unknown, where: string) => void
}

/** With the shadow beside what asks the service, where there is one. */
export function shadowed(
  below: PendingRequestSource,
  shadow: Shadow | undefined,
  parts: ShadowParts,
): PendingRequestSource {
  return shadow === undefined ? below : new ShadowedUpstream(below, shadow, parts)
}

class ShadowedUpstream implements PendingRequestSource {
  readonly #below: PendingRequestSource
  readonly #shadow: Shadow
  readonly #parts: ShadowParts

  constructor(below: PendingRequestSource, shadow: Shadow, parts: ShadowParts) {
    this.#below = below
    this.#shadow = shadow
    this.#parts = parts
  }

  ask(request: PendingRequest): Sourced | Promise<Sourced> {
    const answer = this.#below.ask(request)
    // What is available synchronously was said by no service.
    if (answer instanceof Promise && this.#parts.random() < this.#shadow.share)
      void answer.then((own) => this.#whenAnswered(request, own))
    return answer
  }

  #whenAnswered({ table, key }: PendingRequest, { result, source }: Sourced): void {
    if (source !== 'upstream' || (result.kind !== 'found' && result.kind !== 'notfound')) return
    this.#parts.clock.afterTurn(() => void this.#compare(table, key, result))
  }

  async #compare(table: string, key: string, own: Found | NotFound): Promise<void> {
    const { upstream, record, timeoutMs } = this.#shadow
    const { clock, onDefect } = this.#parts
    try {
      const answer = await upstream.ask({
        table,
        key,
        deadlineMs: clock.monotonicMs() + timeoutMs,
        hasWaiters: false,
        onAbandoned: () => {}, // nobody waits from the beginning
      })
      judge(record, key, own, answer)
    } catch (error) {
      record.count('failed')
      onDefect(error, `shadow ${upstream.name}`)
    }
  }
}

function judge(record: ShadowRecord, key: string, own: Found | NotFound, answer: Answer): void {
  const { result, source } = answer
  if (result.kind !== 'found' && result.kind !== 'notfound') {
    const isBusy = source === 'shed' && result.kind === 'temporary' && result.cause === 'overload'
    record.count(isBusy ? 'busy' : 'failed')
  } else if (outcomeOf(own, result, false) === 'same') record.count('same')
  else record.differs(key, own, result)
}
