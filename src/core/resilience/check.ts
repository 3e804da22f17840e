/**
 * Sends one question whose answer is known to an endpoint that is doubted: before everybody who waits, since it matters most
 * where every slot is taken by requests that hang.
 */
import { Cancellation } from '../cancellation.ts'
import type { Clock } from '../clock.ts'
import type { UpstreamObserver } from '../observed/observer.ts'
import { STOPPING } from '../result.ts'
import type { Reply } from '../upstream.ts'
import { outcomeOf } from './attempt-report.ts'
import { MIN_CHECK_MS } from './circuit-limits.ts'
import type { Claim, Pace } from './claim.ts'
import type { KnownQuestion } from './known-questions.ts'
import type { Limiter } from './limiter.ts'
import type { KeyKind, TableQueue } from './table-queue.ts'

/** What a check needs of its upstream. */
interface CheckedUpstream {
  readonly clock: Clock
  readonly limiter: Limiter
  readonly observer: UpstreamObserver
  readonly settings: { readonly timeoutMs: number }
  /** True while the program ends. */
  readonly ended: boolean
}

/**
 * @param longestMs Longest time for the answer, ms; `timeout` if that is less.
 * @param onSent Called when it has a slot.
 * @returns A reply with evidence `none` and without a status when it was ended from here, which says nothing.
 */
export async function sendCheck(
  { clock, limiter, observer, settings, ended }: CheckedUpstream,
  endpoint: string,
  { route, key }: KnownQuestion,
  longestMs: number,
  onSent: () => void,
): Promise<Reply> {
  const check = new Check()
  if (ended || !(await limiter.takeFirst(check, clock.monotonicMs() + MIN_CHECK_MS))) return ENDED
  const sentMs = clock.monotonicMs()
  onSent()
  try {
    const timeoutMs = Math.min(settings.timeoutMs, longestMs)
    const reply = await route.send(key, { timeoutMs, signal: check.cancellation })
    const { aborted } = check.cancellation
    const outcome = aborted ? 'cancelled' : outcomeOf(reply)
    if (outcome !== undefined) observer.requestEnded(endpoint, outcome, clock.monotonicMs() - sentMs)
    return aborted ? ENDED : reply
  } catch {
    return ENDED // a defect, which the route has reported
  } finally {
    limiter.release(check)
  }
}

class Check implements Claim {
  slot?: number
  queue?: TableQueue<Claim> | undefined
  heldAs?: KeyKind | undefined
  readonly table = undefined
  readonly hasWaiters = true
  readonly keyKind = 'known'
  readonly cancellation = new Cancellation()

  cancel(): void {
    this.cancellation.cancel()
  }

  pace(): Pace {
    return 'usual'
  }

  giveWay(): void {} // nothing is more urgent

  moveOn(): void {} // it is about this endpoint

  watch(): void {} // it has a time limit of its own
}

const ENDED: Reply = { result: STOPPING, evidence: 'none', retry: 'none' }
