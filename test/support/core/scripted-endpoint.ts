/**
 * An endpoint without a network: a test says what it replies and after how long, on the manual clock.
 */
import type { Clock } from '../../../src/core/clock.ts'
import { found, notFound, permanent, temporary } from '../../../src/core/result.ts'
import type { Endpoint, Reply, SendOptions } from '../../../src/core/upstream.ts'

/** What to reply to one request; `afterMs` undefined replies at once, Infinity never. */
export interface Script {
  readonly reply: Reply
  readonly afterMs?: number
  /** What its time-out looks like; default without any reply. */
  readonly late?: Reply
}

export class ScriptedEndpoint implements Endpoint {
  readonly name: string
  /** Every key that was sent, in order. */
  readonly sent: string[] = []
  readonly options: SendOptions[] = []
  inFlight = 0
  maxInFlight = 0
  aborted = 0
  /** May be replaced in the middle of a test. */
  script: (key: string, count: number) => Script
  readonly #clock: Clock

  constructor(name: string, clock: Clock, script: (key: string, count: number) => Script) {
    this.name = name
    this.#clock = clock
    this.script = script
  }

  send(key: string, options: SendOptions): Promise<Reply> {
    this.sent.push(key)
    this.options.push(options)
    this.inFlight++
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight)
    const { reply, afterMs, late = timedOut() } = this.script(key, this.sent.length)
    return new Promise((resolve) => {
      const done = (what: Reply) => {
        for (const timer of timers) timer.cancel()
        this.inFlight--
        resolve(what)
      }
      const timers =
        afterMs === undefined
          ? []
          : [
              this.#clock.after(options.timeoutMs, () => done(late)),
              this.#clock.after(afterMs, () => done(reply)),
            ]
      if (afterMs === undefined) return done(reply)
      options.signal?.addEventListener('abort', () => {
        this.aborted++
        done(timedOut())
      })
    })
  }
}

export const says = (value: string, more: Partial<Reply> = {}): Reply => ({
  result: found(value),
  status: 200,
  evidence: 'good',
  retry: 'none',
  ...more,
})

export const saysNotFound = (more: Partial<Reply> = {}): Reply => ({
  result: notFound(),
  status: 404,
  evidence: 'good',
  retry: 'none',
  ...more,
})

export const fails = (status: number, more: Partial<Reply> = {}): Reply => ({
  result: temporary('status', `the service answered ${status}`),
  status,
  evidence: status >= 502 && status <= 504 ? 'endpoint' : status >= 500 ? 'key' : 'none',
  retry: 'any',
  ...more,
})

export const refuses = (): Reply => ({
  result: temporary('connect', 'connection refused'),
  evidence: 'endpoint',
  retry: 'not-sent',
})

export const forbids = (): Reply => ({
  result: permanent('refused', 'the service answered 403'),
  status: 403,
  evidence: 'none',
  retry: 'other-endpoint',
})

/** The head of the reply arrived in time, and the rest did not. */
export const stalled = (): Reply => ({ ...timedOut(), evidence: 'key' })

export const timedOut = (): Reply => ({
  result: temporary('timeout', 'no answer in time'),
  evidence: 'endpoint',
  retry: 'any',
})
