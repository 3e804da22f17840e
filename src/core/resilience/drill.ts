/**
 * A drill: for a while the endpoints of one upstream are treated as dead. Nothing is sent, and everything that
 * would be, questions for canaries and known answers too, ends as if every endpoint refused the connection. So
 * circuits, stale answers and the rules for outages do what they do when the service is really gone.
 */
import { temporaryFor } from '../reason.ts'
import { CORE_REASONS } from '../reasons.ts'
import type { BatchEndpoint, BatchReply, Endpoint, Reply, SendOptions } from '../upstream.ts'
import { failureOf } from './attempt-report.ts'

/** Set where drills begin and end; read before each request. Lives as long as the upstream, over reloads. */
export interface DrillSwitch {
  /** Wall clock ms at which the drill under way ends; undefined: there is none. */
  endsAtMs: number | undefined
}

const DEAD: Reply = {
  result: temporaryFor(CORE_REASONS.drill),
  evidence: 'endpoint',
  retry: 'not-sent',
}

/** Returns whether an endpoint failed by a drill alone. @param lastFailure As its status has it. */
export function isByDrill(lastFailure: string | undefined): boolean {
  return lastFailure === failureOf(DEAD)
}

export class DrilledEndpoint implements Endpoint {
  readonly name: string
  readonly #inner: Endpoint
  readonly #drill: DrillSwitch

  constructor(inner: Endpoint, drill: DrillSwitch) {
    this.name = inner.name
    this.#inner = inner
    this.#drill = drill
  }

  send(key: string, options: SendOptions): Promise<Reply> {
    if (this.#drill.endsAtMs === undefined) return this.#inner.send(key, options)
    return Promise.resolve(this.unsent(key) ?? DEAD)
  }

  unsent(key: string): Reply | undefined {
    return this.#inner.unsent?.(key)
  }
}

export class DrilledBatchEndpoint extends DrilledEndpoint implements BatchEndpoint {
  readonly maxKeys: number
  readonly #inner: BatchEndpoint
  readonly #drill: DrillSwitch

  constructor(inner: BatchEndpoint, drill: DrillSwitch) {
    super(inner, drill)
    this.maxKeys = inner.maxKeys
    this.#inner = inner
    this.#drill = drill
  }

  sendMany(keys: readonly string[], options: SendOptions): Promise<BatchReply> {
    if (this.#drill.endsAtMs === undefined) return this.#inner.sendMany(keys, options)
    return Promise.resolve({ replies: new Map(keys.map((key) => [key, DEAD])), overall: DEAD })
  }
}
