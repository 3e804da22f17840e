/**
 * The circuit of one endpoint.
 *
 *   closed  --- `failures` bad replies in a row --->  open
 *   open    --- `openForMs` later, one trial ------>  half-open
 *   half-open   trial good -> closed    trial bad -> open    trial says nothing -> next trial
 *
 * A state machine without a clock: time is an argument, monotonic ms, so that no step of the wall
 * clock keeps a circuit open. Nobody waits for a trial: who is refused goes elsewhere.
 */
import type { CircuitState } from '../observer.ts'
import type { Evidence } from '../upstream.ts'

export interface BreakerLimits {
  /** Bad replies in a row that open the circuit. */
  readonly failures: number
  /** Time until a trial, ms. */
  readonly openForMs: number
}

/** Right to send one request; must be given back by {@link CircuitBreaker.record}. */
export type Permit = 'normal' | 'trial'

export class CircuitBreaker {
  limits: BreakerLimits
  #state: CircuitState = 'closed'
  #failures = 0
  #openedAtMs = 0
  #onTrial = false
  readonly #onChanged: (state: CircuitState) => void

  constructor(limits: BreakerLimits, onChanged: (state: CircuitState) => void) {
    this.limits = limits
    this.#onChanged = onChanged
  }

  get state(): CircuitState {
    return this.#state
  }

  /** Tells whether {@link admit} would give a permit now. */
  admits(nowMs: number): boolean {
    if (this.#state === 'closed') return true
    if (this.#state === 'half-open') return !this.#onTrial
    return nowMs - this.#openedAtMs >= this.limits.openForMs
  }

  /** Gives the right to send one request, or undefined while the circuit is open or on trial. */
  admit(nowMs: number): Permit | undefined {
    if (!this.admits(nowMs)) return undefined
    if (this.#state === 'closed') return 'normal'
    this.#onTrial = true
    this.#change('half-open')
    return 'trial'
  }

  /**
   * Takes note of how a permitted request ended. Once the circuit is not closed any more only the
   * trial counts: replies to requests sent before it opened are old news.
   */
  record(permit: Permit, evidence: Evidence, nowMs: number): void {
    if (permit === 'trial') {
      this.#onTrial = false
      if (evidence === 'good') this.#close()
      if (evidence === 'endpoint' || evidence === 'key') this.#open(nowMs)
      return
    }
    if (this.#state !== 'closed') return
    if (evidence === 'good') this.#failures = 0
    if (isBad(evidence) && ++this.#failures >= this.limits.failures) this.#open(nowMs)
  }

  #close(): void {
    this.#failures = 0
    this.#change('closed')
  }

  #open(nowMs: number): void {
    this.#openedAtMs = nowMs
    this.#change('open')
  }

  #change(state: CircuitState): void {
    if (state === this.#state) return
    this.#state = state
    this.#onChanged(state)
  }
}

function isBad(evidence: Evidence): boolean {
  return evidence === 'endpoint' || evidence === 'key'
}
