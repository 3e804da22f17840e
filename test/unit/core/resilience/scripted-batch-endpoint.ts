/**
 * A batch endpoint without a network: a test says what it replies to each key, and holds requests
 * on the manual clock.
 */
import type { Clock } from '../../../../src/core/clock.ts'
import type { BatchEndpoint, BatchReply, Reply, SendOptions } from '../../../../src/core/upstream.ts'
import { fails, timedOut } from '../../../support/core/scripted-endpoint.ts'

/** What one request gets: a reply to each key, or one that is the same for all. */
export interface BatchScript {
  readonly each?: (key: string) => Reply
  readonly all?: Reply
  /** A key that is left without a reply, which no endpoint may do. */
  readonly leaveOut?: string
  /** Ms until the reply; undefined at once, Infinity never. */
  readonly afterMs?: number
}

export class ScriptedBatchEndpoint implements BatchEndpoint {
  readonly name: string
  readonly maxKeys: number
  /** The keys of every request, in order. */
  readonly sent: (readonly string[])[] = []
  inFlight = 0
  aborted = 0
  readonly #clock: Clock
  readonly #script: (keys: readonly string[], count: number) => BatchScript

  constructor(
    name: string,
    maxKeys: number,
    clock: Clock,
    script: (keys: readonly string[], count: number) => BatchScript,
  ) {
    this.name = name
    this.maxKeys = maxKeys
    this.#clock = clock
    this.#script = script
  }

  send(): Promise<Reply> {
    throw new Error('a table with a batch route asks nothing by the other one')
  }

  sendMany(keys: readonly string[], options: SendOptions): Promise<BatchReply> {
    this.sent.push(keys)
    this.inFlight++
    const script = this.#script(keys, this.sent.length)
    return new Promise((resolve) => {
      const done = (reply: (key: string) => Reply) => {
        for (const timer of timers) timer.cancel()
        this.inFlight--
        resolve(
          batchReply(
            keys.filter((key) => key !== script.leaveOut),
            reply,
          ),
        )
      }
      const answer = () => done((key) => script.all ?? script.each?.(key) ?? fails(500))
      const timers =
        script.afterMs === undefined
          ? []
          : [
              this.#clock.after(options.timeoutMs, () => done(timedOut)),
              this.#clock.after(script.afterMs, answer),
            ]
      if (script.afterMs === undefined) return answer()
      options.signal?.addEventListener('abort', () => {
        this.aborted++
        done(timedOut)
      })
    })
  }
}

function batchReply(keys: readonly string[], reply: (key: string) => Reply): BatchReply {
  const replies = new Map(keys.map((key) => [key, reply(key)]))
  const all = [...replies.values()]
  const overall = all.find(({ result }) => result.kind === 'temporary') ?? all[0] ?? fails(500)
  return { replies, overall }
}
