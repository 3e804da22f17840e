/**
 * What the page knows: a snapshot from the API, kept current by events. Bounded. No DOM.
 */

import type { HistoryPoint } from '../../core/observed/history-point.ts'
import type { GatewayStatus } from '../../core/status.ts'
import type { GatewayEvent } from '../../observability/events.ts'
import type { Problem } from '../../observability/problems.ts'
import type { Connection } from './verdict.ts'

/** Points kept: ten minutes of one every two seconds, as the server keeps. */
const MAX_POINTS = 300

/** As the server keeps. */
const MAX_PROBLEMS = 100

/** Lookups shown as they happen. Ours: two screens. */
const MAX_LOOKUPS = 40

export type Status = GatewayStatus & { readonly version: string; readonly startedAtMs: number }
export type LookupEvent = Extract<GatewayEvent, { type: 'lookup' }>

/** Events after which the status is not what it was. */
const STATUS_EVENTS: ReadonlySet<string> = new Set(['history', 'circuit', 'canary', 'reload', 'state'])

export class Model {
  connection: Connection = { kind: 'connecting' }
  status: Status | undefined
  /** The oldest first. */
  points: readonly HistoryPoint[] = []
  /** The latest first. */
  problems: readonly Problem[] = []
  /** The latest first. */
  lookups: readonly LookupEvent[] = []
  /** Events that came too fast for this page, since it was opened. */
  lost = 0

  /** @returns True when the status should be asked for again. */
  apply(event: GatewayEvent | { readonly type: 'lost'; readonly count: number }): boolean {
    switch (event.type) {
      case 'history':
        this.#addPoint(event.point)
        break
      case 'problem':
        this.#addProblem(event.problem)
        break
      case 'lookup':
        this.lookups = [event, ...this.lookups].slice(0, MAX_LOOKUPS)
        break
      case 'lost':
        this.lost += event.count
        break
    }
    return STATUS_EVENTS.has(event.type)
  }

  /** A snapshot may hold the point already, and a suspended machine sends old ones late. */
  #addPoint(point: HistoryPoint): void {
    if (point.atMs <= (this.points.at(-1)?.atMs ?? 0)) return
    this.points = [...this.points, point].slice(-MAX_POINTS)
  }

  /** The same problem again has a new count and moves to the top. */
  #addProblem(problem: Problem): void {
    const others = this.problems.filter(
      ({ kind, where, text }) => kind !== problem.kind || where !== problem.where || text !== problem.text,
    )
    this.problems = [problem, ...others].slice(0, MAX_PROBLEMS)
  }
}
