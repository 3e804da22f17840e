/**
 * Single lookups: failed and slow ones go to the log with every step taken, a sample of all goes to
 * watchers. Bounded per second, because an outage makes every lookup fail, and what is left out is
 * counted.
 */
import { type Clock, readableMs } from '../core/clock.ts'
import type { Query } from '../core/lookup.ts'
import type { Explanation } from '../core/observed/explain.ts'
import type { AnswerSource, LookupResult } from '../core/result.ts'
import { TABLE_NAME } from '../core/settings/table-name.ts'
import type { Cause } from './counters.ts'
import type { EventLog } from './event-log.ts'
import { eventText } from './event-texts.ts'
import type { Events } from './events.ts'
import { shownAttributes, shownSteps } from './explained.ts'
import type { Logging } from './logging.ts'
import { Sampler } from './sampler.ts'

/** A lookup is slow from here on, ms. Ours: a healthy directory answers in tens of milliseconds. */
const SLOW_LOOKUP_MS = 1000

/** Explained lookups in the log, per second. Ours: one screen of lines. */
const LOGGED_PER_SECOND = 10

/** Lookups shown to watchers, per second. Ours: more than an eye follows. */
const SHOWN_PER_SECOND = 20

/** Longest table name of a client that is logged, in characters. Ours. */
const MAX_ASKED_LENGTH = 100

interface LookupLogParts {
  readonly clock: Clock
  readonly logging: Logging
  readonly events: Events
  readonly eventLog: EventLog
  /** The trace of the lookup that is reported just now, where there is one. */
  readonly traceId: () => string | undefined
}

export class LookupLog {
  readonly #parts: LookupLogParts
  readonly #logged: Sampler
  readonly #shown: Sampler

  constructor(parts: LookupLogParts) {
    this.#parts = parts
    this.#logged = new Sampler(parts.clock, LOGGED_PER_SECOND)
    this.#shown = new Sampler(parts.clock, SHOWN_PER_SECOND)
  }

  /**
   * @param table The configured table, or ''.
   * @param explanation Undefined for a lookup that was answered at once.
   */
  answered(
    table: string,
    query: Query,
    result: LookupResult,
    source: AnswerSource,
    durationMs: number,
    explanation: Explanation | undefined,
  ): void {
    if (this.#parts.events.watched) this.#show(table, query, result, source, durationMs)
    const failed = result.kind === 'temporary' || result.kind === 'permanent'
    if (failed || durationMs >= SLOW_LOOKUP_MS)
      this.#explain(table, query, result, source, durationMs, explanation)
    else if (this.#parts.logging.debugs) this.#debug(table, query, result, source, durationMs)
  }

  #show(table: string, query: Query, result: LookupResult, source: AnswerSource, durationMs: number): void {
    if (this.#shown.take() === undefined) return
    const key = this.#parts.logging.renderKey(query.key)
    const cause = causeOf(result)
    this.#parts.events.publish({
      type: 'lookup',
      atMs: this.#parts.clock.wallMs(),
      protocol: query.protocol,
      table,
      ...(key !== undefined && { key }),
      result: result.kind,
      ...(cause !== undefined && { cause }),
      source,
      durationMs: readableMs(durationMs),
    })
  }

  #explain(
    table: string,
    query: Query,
    result: LookupResult,
    source: AnswerSource,
    durationMs: number,
    explanation: Explanation | undefined,
  ): void {
    const suppressed = this.#logged.take()
    if (suppressed === undefined) return
    const { logging, eventLog } = this.#parts
    const steps = explanation && shownSteps(explanation.steps, (key) => logging.renderKey(key))
    const fields = {
      ...this.#fields(table, query, result, source, durationMs),
      ...(steps && { steps }),
      ...(suppressed > 0 && { suppressed }),
    }
    if (result.kind === 'temporary' || result.kind === 'permanent') {
      logging.logger.warn({ ...fields, reason: result.reason }, eventText('lookup-failed'))
      const asked = result.cause === 'no-table' ? this.#asked(query.table) : undefined
      const named = asked === undefined ? '' : ` (asked: "${asked}")`
      eventLog.problem('lookup', table, `${result.cause}: ${result.reason}${named}`)
    } else {
      logging.logger.warn(fields, eventText('lookup-slow'))
    }
  }

  #asked(name: string): string | undefined {
    // Anything else in a table's place may be an address, and is shown as one.
    return TABLE_NAME.test(name) ? name.slice(0, MAX_ASKED_LENGTH) : this.#parts.logging.renderKey(name)
  }

  #debug(table: string, query: Query, result: LookupResult, source: AnswerSource, durationMs: number): void {
    this.#parts.logging.logger.debug(this.#fields(table, query, result, source, durationMs), 'lookup')
  }

  #fields(
    table: string,
    query: Query,
    result: LookupResult,
    source: AnswerSource,
    durationMs: number,
  ): Record<string, unknown> {
    const cause = causeOf(result)
    // A request that is no request of its protocol has no key and names no table.
    const isUnread = cause === 'bad-request'
    const { logging } = this.#parts
    const key = isUnread ? undefined : logging.renderKey(query.key)
    const attributes =
      query.attributes && shownAttributes(query.attributes.shown, (value) => logging.renderKey(value))
    const traceId = this.#parts.traceId()
    return {
      event: 'lookup',
      protocol: query.protocol,
      table,
      // Nobody configured it: the name that was asked tells whom to set right.
      ...(table === '' && !isUnread && { asked: this.#asked(query.table) }),
      ...(key !== undefined && { key }),
      ...(attributes && { attributes }),
      result: result.kind,
      ...(cause !== undefined && { cause }),
      source,
      durationMs: readableMs(durationMs),
      ...(traceId !== undefined && { traceId }),
    }
  }
}

function causeOf(result: LookupResult): Cause | undefined {
  return result.kind === 'temporary' || result.kind === 'permanent' ? result.cause : undefined
}
