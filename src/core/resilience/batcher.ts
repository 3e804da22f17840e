/**
 * Puts the questions of one table that come together into one request.
 *
 *   question -> the batch that still collects -> (end of the turn, or maxWait; or it is full)
 *            -> attempts: slot, endpoint, request, retry, hedge: one for the whole batch
 *            -> each key's own reply
 *            -> failed as a whole: in halves, until the key that it fails for is alone
 *            -> slower than usual, while others are answered: in up to eight parts
 *
 * With `maxWaitMs` 0 a batch collects until the end of the turn of the event loop, which is when
 * the partial keys of a lookup and everything that other connections have brought is there; and
 * on, while it waits for a slot. So the busier the service, the larger the batches.
 *
 * One key must not spoil the answers of others: what the service says to several keys at once (a 4xx, a 500, an
 * unreadable body, no reply) is said to none of them before it was asked alone, as far as the deadline allows; and a
 * key that has just failed travels alone.
 *
 * Questions that must avoid different endpoints (whose canary is missing) go in different batches, and so do keys that were
 * answered before and keys that never were: a key that is never answered makes only others of its sort wait.
 */
import { temporary } from '../result.ts'
import type { BatchEndpoint, Question, Reply } from '../upstream.ts'
import { type AttemptsResult, MIN_ATTEMPT_MS, makeAttempts } from './attempts.ts'
import { Batch } from './batch.ts'
import { type BatchedReply, BatchRequest } from './batch-request.ts'
import type { AskedTable } from './question-request.ts'
import { RecentKeys } from './recent-keys.ts'
import type { UpstreamState } from './upstream-state.ts'

export interface BatchOptions {
  /** For the table, as many as the upstream has, in the same order. */
  readonly endpoints: readonly BatchEndpoint[]
  /** How long a batch collects, ms; 0: to the end of the turn of the event loop. */
  readonly maxWaitMs: number
}

interface BatcherOptions extends BatchOptions {
  readonly state: UpstreamState
  readonly asked: AskedTable
}

/** How long a key that failed alone is asked alone, ms. Ours: most are fixed, or forgotten, by then. */
const ALONE_FOR_MS = 60_000

/**
 * Parts of a batch that is slower than usual. Ours: more than the halves of one that failed, since each round costs all of
 * its keys the time until it is seen to be slow.
 */
const SLOW_PARTS = 8

export class Batcher {
  readonly #options: BatcherOptions
  /** The batches that still take questions, by the endpoints they avoid. */
  readonly #joining = new Map<string, Batch>()
  /** Ends the wait of a batch that collects. */
  readonly #waiting = new Map<Batch, () => void>()
  /** Keys that failed when they were asked alone. */
  readonly #failed = new RecentKeys(ALONE_FOR_MS)

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  /** Asks one question together with others. Does not reject for what happens to others. */
  ask(question: Question, avoided: ReadonlySet<number>): Promise<AttemptsResult<Reply>> {
    const { state } = this.#options
    const { key } = question
    const kind = state.keyKind(question)
    if (kind === 'slow' || this.#failed.has(key, state.clock.monotonicMs())) {
      const alone = new Batch(1, new Set(avoided), question.wasAnswered === true)
      const answer = alone.add(question)
      void this.#run(alone)
      return answer
    }
    const wasAnswered = kind === 'known'
    const group = groupOf(avoided, wasAnswered)
    const batch = this.#joining.get(group) ?? this.#open(group, avoided, wasAnswered)
    const answer = batch.add(question)
    if (batch.isFull) {
      this.#close(batch)
      this.#waiting.get(batch)?.()
    }
    return answer
  }

  #open(group: string, avoided: ReadonlySet<number>, wasAnswered: boolean): Batch {
    const { endpoints, state, maxWaitMs } = this.#options
    const maxKeys = Math.min(...endpoints.map((endpoint) => endpoint.maxKeys))
    const batch = new Batch(maxKeys, new Set(avoided), wasAnswered)
    this.#joining.set(group, batch)
    const start = () => {
      timer.cancel()
      this.#waiting.delete(batch)
      void this.#run(batch)
    }
    const timer = maxWaitMs === 0 ? state.clock.afterTurn(start) : state.clock.after(maxWaitMs, start)
    this.#waiting.set(batch, start)
    return batch
  }

  /** No more questions for this batch. */
  #close(batch: Batch): void {
    const group = groupOf(batch.avoided, batch.wasAnswered)
    if (this.#joining.get(group) === batch) this.#joining.delete(group)
  }

  async #run(batch: Batch): Promise<void> {
    const { state, asked, endpoints } = this.#options
    const request = new BatchRequest({
      asked,
      batch,
      endpoints,
      onSent: () => this.#close(batch),
      onAlone: (key, reply) => this.#askedAlone(key, reply),
    })
    let result: AttemptsResult<BatchedReply> | undefined
    let error: unknown
    try {
      state.splits.countRequest(state.clock.monotonicMs())
      const first = state.admit(request, request)
      result =
        typeof first === 'number'
          ? await makeAttempts(state, request, first)
          : { kind: 'held', result: first }
    } catch (caught) {
      error = caught
    }
    this.#close(batch)
    if (result === undefined) return batch.reject(error)
    if (result.kind === 'reply' && this.#maySplit(batch, result.reply)) {
      const { isSlow } = result.reply
      // An endpoint that answers others has not failed: at another one, which is asked for little, it would take longer to see.
      const parts = isSlow ? batch.split(undefined, SLOW_PARTS) : batch.split(result.endpoint, 2)
      for (const part of parts) void this.#run(part)
      return
    }
    try {
      for (const key of batch.openKeys) batch.settle(key, resultFor(key, result))
    } catch (caught) {
      batch.reject(caught)
    }
  }

  /** A request that failed for several keys may have failed for one of them. */
  #maySplit(batch: Batch, { isUnanswered, retry }: BatchedReply): boolean {
    const { state } = this.#options
    if (!isUnanswered || retry === 'not-sent' || batch.openKeys.length < 2 || state.ended) return false
    const nowMs = state.clock.monotonicMs()
    return nowMs + MIN_ATTEMPT_MS < batch.deadlineMs && state.splits.take(nowMs)
  }

  #askedAlone(key: string, { result }: Reply): void {
    if (result.kind === 'temporary' || result.kind === 'permanent')
      this.#failed.add(key, this.#options.state.clock.monotonicMs())
    else this.#failed.delete(key)
  }
}

/** What is left for a key when nothing more may be tried. */
function resultFor(key: string, result: AttemptsResult<BatchedReply>): AttemptsResult<Reply> {
  if (result.kind !== 'reply') return result
  const { endpoint, reply: all } = result
  const reply = all.replies.get(key)
  if (reply === undefined) throw new TypeError('a batch endpoint left a key without a reply')
  // A refusal of several keys says nothing about this one.
  if (reply.result.kind !== 'permanent' || all.replies.size === 1) return { kind: 'reply', reply, endpoint }
  return { kind: 'reply', reply: { ...reply, result: temporary('status', reply.result.reason) }, endpoint }
}

function groupOf(avoided: ReadonlySet<number>, wasAnswered: boolean): string {
  const sort = wasAnswered ? 'answered' : 'new'
  return avoided.size === 0 ? sort : `${sort} ${Array.from(avoided).sort().join(' ')}`
}
