/**
 * Puts the questions of one table that come together into one request.
 *
 *   question -> the batch that still collects -> (end of the turn, or maxWait; or it is full)
 *            -> attempts: place, endpoint, circuit, request, retry, hedge: one for the whole batch
 *            -> each key's own reply
 *
 * With `maxWaitMs` 0 a batch collects until the end of the turn of the event loop, which is when
 * the partial keys of a lookup and everything that other connections have brought is there; and
 * on, while it waits for a place in the limiter. So the busier the service, the larger the batches.
 *
 * Questions that must avoid different endpoints (whose canary is missing) go in different batches.
 */
import type { Clock } from '../clock.ts'
import type { BatchEndpoint, Question, Reply } from '../upstream.ts'
import type { AttemptReply, Sending } from './attempt.ts'
import { explainReply, failureOf, outcomeOf } from './attempt-report.ts'
import { type AttemptsResult, makeAttempts } from './attempts.ts'
import { Batch } from './batch.ts'
import type { EndpointState } from './endpoint-order.ts'
import type { UpstreamGuard } from './upstream-guard.ts'

export interface BatchOptions {
  /** For the table, as many as the guard has, in the same order. */
  readonly endpoints: readonly BatchEndpoint[]
  /** How long a batch collects, ms; 0: to the end of the turn of the event loop. */
  readonly maxWaitMs: number
}

export interface BatcherOptions extends BatchOptions {
  readonly guard: UpstreamGuard
  /** Of the guard, as they were when the table was built. */
  readonly states: readonly EndpointState[]
  /** Endpoints that are asked only when no other can be. */
  readonly demoted: (endpoint: number) => boolean
}

/** What one endpoint replied to a batch. `overall` is undefined when nothing was left to be sent. */
interface BatchedReply extends AttemptReply {
  readonly replies: ReadonlyMap<string, Reply>
  readonly overall: Reply | undefined
}

export class Batcher {
  readonly #options: BatcherOptions
  /** The batches that still take questions, by the endpoints they avoid. */
  readonly #joining = new Map<string, Batch>()
  /** Ends the wait of a batch that collects. */
  readonly #waiting = new Map<Batch, () => void>()

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  /** Asks one question together with others. Does not reject. */
  ask(question: Question, avoided: ReadonlySet<number>): Promise<AttemptsResult<Reply>> {
    const group = groupOf(avoided)
    const batch = this.#joining.get(group) ?? this.#open(group, avoided)
    const answer = batch.add(question)
    if (batch.isFull) {
      this.#close(batch)
      this.#waiting.get(batch)?.()
    }
    return answer
  }

  #open(group: string, avoided: ReadonlySet<number>): Batch {
    const { endpoints, guard, maxWaitMs } = this.#options
    const maxKeys = Math.min(...endpoints.map((endpoint) => endpoint.maxKeys))
    const batch = new Batch(maxKeys, new Set(avoided))
    this.#joining.set(group, batch)
    let cancel = () => {}
    const start = () => {
      cancel()
      this.#waiting.delete(batch)
      void this.#run(batch)
    }
    cancel = maxWaitMs === 0 ? atEndOfTurn(start) : later(guard.clock, maxWaitMs, start)
    this.#waiting.set(batch, start)
    return batch
  }

  /** No more questions for this batch. */
  #close(batch: Batch): void {
    const group = groupOf(batch.avoided)
    if (this.#joining.get(group) === batch) this.#joining.delete(group)
  }

  async #run(batch: Batch): Promise<void> {
    const { guard, states, demoted } = this.#options
    const result = await makeAttempts<BatchedReply>(guard, {
      ...this.#sending(batch),
      get deadlineMs() {
        return batch.deadlineMs
      },
      get background() {
        return batch.background
      },
      endpoints: states,
      avoided: batch.avoided,
      demoted,
      sideEffects: false,
    }).catch((error): AttemptsResult<BatchedReply> => ({ kind: 'defect', error }))
    this.#close(batch)
    for (const key of batch.openKeys) batch.settle(key, resultFor(key, result))
  }

  #sending(batch: Batch): Pick<Sending<BatchedReply>, 'send' | 'outcome' | 'failure' | 'replied'> {
    const { endpoints, guard } = this.#options
    return {
      send: async (index, options) => {
        this.#close(batch)
        const endpoint = endpoints[index]
        if (endpoint === undefined) throw new RangeError('the guard has more endpoints than the table')
        const keys = batch.openKeys
        if (keys.length === 0) return NOTHING_LEFT
        const { replies, overall } = await endpoint.sendMany(keys, options)
        return {
          replies,
          overall,
          evidence: overall.evidence,
          retryAfterMs: overall.retryAfterMs,
          retry: retryOf(replies, batch),
        }
      },
      outcome: ({ overall }) => overall && outcomeOf(overall),
      failure: ({ overall }) => overall && failureOf(overall),
      replied: ({ endpoint, kind, reply: { replies }, durationMs }) => {
        const attempt = {
          kind,
          durationMs,
          upstream: guard.name,
          endpoint: this.#nameOf(endpoint),
          batchKeys: replies.size,
        }
        for (const [key, reply] of replies) {
          for (const question of batch.questions(key)) explainReply(question, { ...attempt, reply })
          if (reply.retry === 'none') batch.settle(key, { kind: 'reply', reply, endpoint })
        }
      },
    }
  }

  #nameOf(endpoint: number): string {
    return this.#options.states[endpoint]?.name ?? ''
  }
}

const NOTHING_LEFT: BatchedReply = {
  replies: new Map(),
  overall: undefined,
  evidence: 'none',
  retry: 'none',
}

/** What may follow a batch goes by the keys that have no final answer: the others need nothing more. */
function retryOf(replies: ReadonlyMap<string, Reply>, batch: Batch): Reply['retry'] {
  for (const [key, { retry }] of replies) if (retry !== 'none' && batch.isOpen(key)) return retry
  return 'none'
}

/** What is left for a key when nothing more may be tried. */
function resultFor(key: string, result: AttemptsResult<BatchedReply>): AttemptsResult<Reply> {
  if (result.kind !== 'reply') return result
  const reply = result.reply.replies.get(key)
  if (reply !== undefined) return { kind: 'reply', reply, endpoint: result.endpoint }
  return { kind: 'defect', error: new TypeError('a batch endpoint left a key without a reply') }
}

function groupOf(avoided: ReadonlySet<number>): string {
  return Array.from(avoided).sort().join(' ')
}

/** No clock: after the I/O of this turn is no point in time. */
function atEndOfTurn(run: () => void): () => void {
  const immediate = setImmediate(run)
  return () => clearImmediate(immediate)
}

function later(clock: Clock, delayMs: number, run: () => void): () => void {
  const timer = clock.after(delayMs, run)
  return () => timer.cancel()
}
