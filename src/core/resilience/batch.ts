/**
 * One batch: the questions that go in one request, and which of them still wait for an answer.
 *
 *   joining   questions may still come: the turn of the event loop, or the wait for a place, goes on
 *   sent      no more may come; an answer settles its own question, a further attempt asks for the rest
 */
import type { Question, Reply } from '../upstream.ts'
import type { AttemptsResult } from './attempts.ts'

/** A question in a batch, and who waits for its answer. */
interface Entry {
  readonly question: Question
  readonly answer: (result: AttemptsResult<Reply>) => void
}

export class Batch {
  /** Endpoints that none of the questions may be sent to. */
  readonly avoided: ReadonlySet<number>
  readonly #maxKeys: number
  /** By key. Two equal ones meet when the store was purged between them. */
  readonly #open = new Map<string, Entry[]>()
  #deadlineMs = Number.NEGATIVE_INFINITY

  /** @param maxKeys Most different keys, at least 1. */
  constructor(maxKeys: number, avoided: ReadonlySet<number>) {
    this.#maxKeys = maxKeys
    this.avoided = avoided
  }

  /** The latest of its questions, monotonic ms: each waits no longer than its own, but the answer is worth having. */
  get deadlineMs(): number {
    return this.#deadlineMs
  }

  /** True when nobody waits for any of the answers. */
  get background(): boolean {
    for (const entries of this.#open.values())
      for (const { question } of entries) if (question.hasWaiters) return false
    return true
  }

  get isFull(): boolean {
    return this.#open.size >= this.#maxKeys
  }

  /** The keys that have no final answer yet. */
  get openKeys(): readonly string[] {
    return Array.from(this.#open.keys())
  }

  isOpen(key: string): boolean {
    return this.#open.has(key)
  }

  /** Takes a question in; the caller has seen that the batch is neither full nor sent. */
  add(question: Question): Promise<AttemptsResult<Reply>> {
    return new Promise((answer) => {
      const entry = { question, answer }
      const entries = this.#open.get(question.key)
      if (entries === undefined) this.#open.set(question.key, [entry])
      else entries.push(entry)
      this.#deadlineMs = Math.max(this.#deadlineMs, question.deadlineMs)
    })
  }

  /** The open questions for one key. */
  questions(key: string): readonly Question[] {
    return this.#open.get(key)?.map(({ question }) => question) ?? []
  }

  /** Answers the questions for one key; they are open no more. */
  settle(key: string, result: AttemptsResult<Reply>): void {
    const entries = this.#open.get(key) ?? []
    this.#open.delete(key)
    for (const { answer } of entries) answer(result)
  }
}
