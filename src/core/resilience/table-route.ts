/**
 * One table at one endpoint, asked past limits and circuit: by the route that its lookups take, since only that
 * one says something about their answers.
 */
import type { Attributes } from '../attributes.ts'
import { type Clock, type Instant, instant } from '../clock.ts'
import type { BatchEndpoint, Endpoint, Reply, SendOptions } from '../upstream.ts'
import type { AttemptedRequest } from './attempt.ts'
import type { CanaryAsker } from './canary.ts'
import type { KnownRoute } from './known-questions.ts'
import type { AskedTable } from './question-request.ts'

interface TableRouteOptions {
  readonly table: string
  readonly endpoint: Endpoint
  /** For a table whose lookups go in batches. */
  readonly batch: BatchEndpoint | undefined
  /** Of the canary, the only question that is asked here of a table with attributes. */
  readonly attributes: Attributes | undefined
  readonly clock: Clock
  readonly onDefect: (error: unknown) => void
  readonly onChecked: (key: string, reply: Reply, sentAt: Instant) => void
}

export class TableRoute implements KnownRoute {
  readonly table: string
  readonly #options: TableRouteOptions
  #sentAt: Instant | undefined

  constructor(options: TableRouteOptions) {
    this.#options = options
    this.table = options.table
  }

  async send(key: string, options: SendOptions): Promise<Reply> {
    const { attributes, batch, clock, endpoint, onDefect } = this.#options
    this.#sentAt = instant(clock)
    try {
      if (attributes !== undefined) return await endpoint.send(key, { ...options, attributes })
      if (batch === undefined) return await endpoint.send(key, options)
      const { replies, overall } = await batch.sendMany([key], options)
      return replies.get(key) ?? overall
    } catch (error) {
      onDefect(error)
      throw error
    }
  }

  checked(key: string, reply: Reply): void {
    const { clock, onChecked } = this.#options
    onChecked(key, reply, this.#sentAt ?? instant(clock))
  }
}

/** The question for a canary, as an attempt sees it: to one endpoint, once. */
export class CanaryRequest implements AttemptedRequest {
  readonly table: string
  readonly key: string
  readonly deadlineMs: number
  readonly endpoints: AskedTable['endpoints']
  readonly avoided: ReadonlySet<number>
  readonly sideEffects = true
  readonly #asker: CanaryAsker
  readonly #route: TableRoute

  constructor(asked: AskedTable, route: TableRoute, key: string, asker: CanaryAsker, deadlineMs: number) {
    this.table = asked.table
    this.key = key
    this.deadlineMs = deadlineMs
    this.endpoints = asked.endpoints
    this.avoided = asked.avoided
    this.#asker = asker
    this.#route = route
  }

  get hasWaiters(): boolean {
    return this.#asker.hasWaiters
  }

  isDemoted(): boolean {
    return false
  }

  send(_endpoint: number, options: SendOptions): Promise<Reply> {
    return this.#route.send(this.key, options)
  }

  get lookup(): undefined {
    return undefined
  }

  get wasAnswered(): boolean {
    return true
  }

  get isMany(): boolean {
    return false
  }

  asReply(reply: Reply): Reply {
    return reply
  }

  isSplit(): boolean {
    return false
  }

  replied(): void {} // explained to nobody
}
