/**
 * What happens, for watchers: the page and `status --watch`, through server-sent events.
 *
 * A watcher that reads too slowly loses events and gets their number; nobody waits for it, and its
 * share of memory is bounded.
 */

import type { HistoryPoint } from '../core/observed/history-point.ts'
import type { CircuitState } from '../core/observed/observer.ts'
import type { AnswerSource } from '../core/result.ts'
import type { Cause, ResultKind } from './counters.ts'
import type { Problem } from './problems.ts'

/** Watchers at the same moment. Ours: a team with the page open, twice. */
export const MAX_WATCHERS = 32

/** Events that wait for one watcher. Ours: about ten seconds of a busy program. */
const MAX_WAITING_EVENTS = 256

/** One event; `type` is the event name on the wire. */
export type GatewayEvent =
  /** A sampled lookup. The key is shown as `log.keys` says. */
  | {
      readonly type: 'lookup'
      readonly atMs: number
      readonly protocol: string
      readonly table: string
      readonly key?: string
      readonly result: ResultKind
      readonly cause?: Cause
      readonly source: AnswerSource
      readonly durationMs: number
    }
  | {
      readonly type: 'circuit'
      readonly atMs: number
      readonly upstream: string
      readonly endpoint: string
      readonly state: CircuitState
    }
  | {
      readonly type: 'canary'
      readonly atMs: number
      readonly table: string
      readonly upstream: string
      readonly endpoint: string
      readonly up: boolean
    }
  | { readonly type: 'reload'; readonly atMs: number; readonly ok: boolean; readonly text: string }
  | {
      readonly type: 'state'
      readonly atMs: number
      readonly state: 'starting' | 'ready' | 'draining' | 'stopped'
    }
  | { readonly type: 'problem'; readonly problem: Problem }
  /** A new point of the history: the rates of the last seconds. */
  | { readonly type: 'history'; readonly point: HistoryPoint }

/** One watcher's queue. */
export class Subscription {
  readonly #wake: () => void
  readonly #end: (subscription: Subscription) => void
  readonly #waiting: string[] = []
  #lost = 0

  /** @param wake Called when there is something to take and the queue was empty. */
  constructor(wake: () => void, end: (subscription: Subscription) => void) {
    this.#wake = wake
    this.#end = end
  }

  /** Adds a frame, or loses it when the watcher does not keep up. */
  push(frame: string): void {
    if (this.#waiting.length >= MAX_WAITING_EVENTS) {
      this.#lost += 1
      return
    }
    this.#waiting.push(frame)
    if (this.#waiting.length === 1) this.#wake()
  }

  /** The next frame of the event stream, undefined when there is none. */
  take(): string | undefined {
    const frame = this.#waiting.shift()
    if (frame !== undefined || this.#lost === 0) return frame
    const lost = this.#lost
    this.#lost = 0
    return eventFrame('lost', JSON.stringify({ type: 'lost', count: lost }))
  }

  close(): void {
    this.#end(this)
  }
}

export class Events {
  readonly #redactJson: (json: string) => string
  readonly #subscriptions = new Set<Subscription>()

  constructor(redactJson: (json: string) => string) {
    this.#redactJson = redactJson
  }

  /** True when somebody watches: ask before building an event. */
  get watched(): boolean {
    return this.#subscriptions.size > 0
  }

  /** @returns undefined when there are {@link MAX_WATCHERS} already. */
  subscribe(wake: () => void): Subscription | undefined {
    if (this.#subscriptions.size >= MAX_WATCHERS) return undefined
    const subscription = new Subscription(wake, (ended) => this.#subscriptions.delete(ended))
    this.#subscriptions.add(subscription)
    return subscription
  }

  /** Tells every watcher. Costs nothing while there is none. */
  publish(event: GatewayEvent): void {
    if (!this.watched) return
    const frame = eventFrame(event.type, this.#redactJson(JSON.stringify(event)))
    for (const subscription of this.#subscriptions) subscription.push(frame)
  }
}

/** Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.5. JSON has no line end in it. */
function eventFrame(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`
}
