/**
 * One batch: the questions that go in one request, and which of them still wait for an answer.
 *
 *   joining   questions may still come: the turn of the event loop, or the wait for a slot, goes on
 *   sent      no more may come; an answer settles its own question, a further attempt asks for the rest
 */
import type { Question, Reply } from '../upstream.ts'
import type { AttemptsResult } from './attempts.ts'

/** A question in a batch, and who waits for its answer. */
interface BatchEntry {
  readonly question: Question
  readonly answer: (result: AttemptsResult<Reply>) => void
  readonly reject: (error: unknown) => void
}

export class Batch {
  /** Its keys were answered before. */
  readonly wasAnswered: boolean
  /** Endpoints that none of the questions may be sent to. */
  readonly avoided: ReadonlySet<number>
  /** The endpoint at which the batch that this is a half of was not answered. */
  readonly failedAt: number | undefined
  readonly #maxKeys: number
  /** By key. Two equal ones meet when the store was purged between them. */
  readonly #open = new Map<string, BatchEntry[]>()
  #deadlineMs = Number.NEGATIVE_INFINITY

  /** @param maxKeys Most different keys, at least 1. */
  constructor(maxKeys: number, avoided: ReadonlySet<number>, wasAnswered: boolean, failedAt?: number) {
    this.#maxKeys = maxKeys
    this.wasAnswered = wasAnswered
    this.avoided = avoided
    this.failedAt = failedAt
  }

  /** The latest of its questions, monotonic ms: each waits no longer than its own, but the answer is worth having. */
  get deadlineMs(): number {
    return this.#deadlineMs
  }

  /** False when nobody waits for any of the answers. */
  get hasWaiters(): boolean {
    for (const entries of this.#open.values())
      for (const { question } of entries) if (question.hasWaiters) return true
    return false
  }

  /** True when somebody asked what goes over the wire. */
  get keepsExchange(): boolean {
    for (const entries of this.#open.values())
      for (const { question } of entries) if (question.explanation?.keepExchanges === true) return true
    return false
  }

  get isFull(): boolean {
    return this.#open.size >= this.#maxKeys
  }

  /** The keys that have no final answer yet. */
  get openKeys(): readonly string[] {
    return Array.from(this.#open.keys())
  }

  /** Stands for the batch where one key must. */
  get firstKey(): string {
    for (const key of this.#open.keys()) return key
    return ''
  }

  isOpen(key: string): boolean {
    return this.#open.has(key)
  }

  /** Takes a question in; the caller has seen that the batch is neither full nor sent. */
  add(question: Question): Promise<AttemptsResult<Reply>> {
    return new Promise((answer, reject) => this.#put({ question, answer, reject }))
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

  /**
   * Moves the open questions into so many batches, or as many as there are keys.
   *
   * @param failedAt The endpoint that is to be asked last.
   */
  split(failedAt: number | undefined, parts: number): readonly Batch[] {
    const keys = this.openKeys
    const size = Math.ceil(keys.length / parts)
    const batches: Batch[] = []
    for (let from = 0; from < keys.length; from += size)
      batches.push(this.#take(keys.slice(from, from + size), failedAt))
    return batches
  }

  /** A defect: nobody knows any answer. */
  reject(error: unknown): void {
    for (const entries of this.#open.values()) for (const { reject } of entries) reject(error)
    this.#open.clear()
  }

  #take(keys: readonly string[], failedAt: number | undefined): Batch {
    const part = new Batch(keys.length, this.avoided, this.wasAnswered, failedAt)
    for (const key of keys) {
      for (const entry of this.#open.get(key) ?? []) part.#put(entry)
      this.#open.delete(key)
    }
    return part
  }

  #put(entry: BatchEntry): void {
    const { key, deadlineMs } = entry.question
    const entries = this.#open.get(key)
    if (entries === undefined) this.#open.set(key, [entry])
    else entries.push(entry)
    this.#deadlineMs = Math.max(this.#deadlineMs, deadlineMs)
  }
}
