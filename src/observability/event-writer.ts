/**
 * Where events go: the log, those who watch and, when one means trouble, the list of problems. What happens again and again
 * is one episode.
 */
import type { Clock } from '../core/clock.ts'
import type { Events, GatewayEvent } from './events.ts'
import type { RenderKey } from './log-key.ts'
import type { Logger } from './logging.ts'
import type { ProblemKind, Problems } from './problems.ts'

/** An episode, of shedding for example, is over when it was quiet for this long, ms. Ours. */
const EPISODE_QUIET_MS = 10_000

interface EventWriterParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly events: Events
  readonly problems: Problems
  readonly renderKey: RenderKey
}

export class EventWriter {
  readonly logger: Logger
  /** As `log.keys` shows a key. */
  readonly renderKey: RenderKey
  readonly #parts: EventWriterParts
  /** By what is going on and where: monotonic ms of the last time. Bounded by the configuration. */
  readonly #lastMs = new Map<string, number>()

  constructor(parts: EventWriterParts) {
    this.#parts = parts
    this.logger = parts.logger
    this.renderKey = parts.renderKey
  }

  publish(event: GatewayEvent): void {
    this.#parts.events.publish(event)
  }

  problem(kind: ProblemKind, where: string, text: string): void {
    this.#add(kind, where, text)
  }

  /** @param word Of the upstream's kind, for what is wrong with an upstream of it. */
  upstreamProblem(word: string, upstream: string, text: string): void {
    this.#add(word, upstream, text)
  }

  #add(kind: string, where: string, text: string): void {
    this.publish({ type: 'problem', problem: this.#parts.problems.add(kind, where, text) })
  }

  /** Returns whether this is the first of an episode. */
  begins(episode: string): boolean {
    const nowMs = this.monotonicMs()
    const lastMs = this.#lastMs.get(episode) ?? Number.NEGATIVE_INFINITY
    this.#lastMs.set(episode, nowMs)
    return nowMs - lastMs >= EPISODE_QUIET_MS
  }

  monotonicMs(): number {
    return this.#parts.clock.monotonicMs()
  }

  wallMs(): number {
    return this.#parts.clock.wallMs()
  }
}
