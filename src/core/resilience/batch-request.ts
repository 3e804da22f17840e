/**
 * One batch, as the attempts see it.
 */
import { NOT_FOUND } from '../result.ts'
import type { BatchEndpoint, BatchReply, Reply, SendOptions } from '../upstream.ts'
import type { AttemptedRequest } from './attempt.ts'
import { explainReply, type RepliedAttempt } from './attempt-report.ts'
import type { Batch } from './batch.ts'
import type { AskedTable } from './question-request.ts'

/** What one endpoint replied to a batch, and what follows for the batch as a whole. */
export interface BatchedReply extends Reply {
  readonly replies: ReadonlyMap<string, Reply>
  /** No key of several was answered: one of them may be the reason. */
  readonly isUnanswered: boolean
  /** It was ended from here, because it took longer than usual. */
  readonly isSlow: boolean
}

interface BatchRequestOptions {
  readonly asked: AskedTable
  readonly batch: Batch
  readonly endpoints: readonly BatchEndpoint[]
  /** No question may join any more. */
  readonly onSent: () => void
  /** Called with the reply to a key that was asked alone. */
  readonly onAlone: (key: string, reply: Reply) => void
}

export class BatchRequest implements AttemptedRequest<BatchedReply> {
  readonly table: string
  readonly endpoints: AskedTable['endpoints']
  readonly avoided: ReadonlySet<number>
  readonly sideEffects = false
  readonly #options: BatchRequestOptions

  constructor(options: BatchRequestOptions) {
    this.#options = options
    this.table = options.asked.table
    this.endpoints = options.asked.endpoints
    this.avoided = options.batch.avoided
  }

  get key(): string {
    return this.#options.batch.firstKey
  }

  get deadlineMs(): number {
    return this.#options.batch.deadlineMs
  }

  get hasWaiters(): boolean {
    return this.#options.batch.hasWaiters
  }

  /** Halves of a batch that failed try another endpoint first. */
  isDemoted(endpoint: number): boolean {
    return this.#options.batch.failedAt === endpoint || this.#options.asked.isDemoted(endpoint)
  }

  async send(index: number, options: SendOptions): Promise<BatchedReply> {
    const { batch, endpoints, onSent } = this.#options
    onSent()
    const endpoint = endpoints[index]
    if (endpoint === undefined) throw new RangeError('the upstream has more endpoints than the table')
    const keys = batch.openKeys
    if (keys.length === 0) return NOTHING_LEFT
    const keepExchange = batch.keepsExchange
    return asOne(await endpoint.sendMany(keys, keepExchange ? { ...options, keepExchange } : options), batch)
  }

  /** Of several lookups: it has a place of its own. */
  get lookup(): undefined {
    return undefined
  }

  get wasAnswered(): boolean {
    return this.#options.batch.wasAnswered
  }

  get isMany(): boolean {
    return this.#options.batch.openKeys.length > 1
  }

  asReply(reply: Reply): BatchedReply {
    const { batch } = this.#options
    const replies = new Map(batch.openKeys.map((key) => [key, reply]))
    return { ...asOne({ replies, overall: reply }, batch), isSlow: true }
  }

  isSplit({ isUnanswered }: BatchedReply): boolean {
    return isUnanswered
  }

  replied(attempt: RepliedAttempt<BatchedReply>): void {
    const { asked, batch, onAlone } = this.#options
    const { replies, isUnanswered } = attempt.reply
    const origin = {
      upstream: asked.upstream,
      endpoint: this.endpoints[attempt.endpoint]?.name ?? '',
      batchKeys: replies.size,
    }
    for (const [key, reply] of replies) {
      if (replies.size === 1) onAlone(key, reply)
      for (const question of batch.questions(key)) explainReply(question, { ...attempt, reply }, origin)
      if (reply.retry === 'none' && !isUnanswered)
        batch.settle(key, { kind: 'reply', reply, endpoint: attempt.endpoint })
    }
  }
}

/** A batch with any answered key speaks well of the endpoint; one without is tried in halves, and not again as it is. */
function asOne({ replies, overall }: BatchReply, batch: Batch): BatchedReply {
  let answered = 0
  let retry: Reply['retry'] = 'none'
  for (const [key, reply] of replies) {
    if (reply.evidence === 'good') answered++
    if (retry === 'none' && batch.isOpen(key)) retry = reply.retry
  }
  const isUnanswered = replies.size > 1 && answered === 0 && overall.isUnsent !== true
  return {
    ...overall,
    replies,
    isUnanswered,
    isSlow: false,
    evidence: answered > 0 ? 'good' : overall.evidence,
    retry: isUnanswered && retry === 'none' ? 'any' : retry,
  }
}

const NOTHING_LEFT: BatchedReply = {
  result: NOT_FOUND,
  evidence: 'none',
  retry: 'none',
  suppressed: 'every key of the batch was answered',
  replies: new Map(),
  isUnanswered: false,
  isSlow: false,
}
