/**
 * Where the answers of one table are stored: the port between the cache and what holds the answers.
 *
 * Every implementation passes `test/support/contracts/answer-store.ts`. `get` is synchronous, because a hit is.
 */
import type { Clock, Instant } from '../clock.ts'
import type { StoreStatus } from '../status.ts'
import type { Validators } from '../upstream.ts'
import type { Freshness } from './freshness.ts'
import type { PurgeScope } from './purge-log.ts'
import type { StoredAnswer } from './stored-answer.ts'

export interface AnswerStore {
  /** The stored answer, whatever its age; it counts as used. */
  get(storeKey: string): StoredAnswer | undefined

  /** The stored answer, whatever its age; it does not count as used. */
  peek(storeKey: string): StoredAnswer | undefined

  /**
   * Time since the service gave an answer, ms: the larger difference of both clocks, so that
   * a suspended machine and a clock set back make it too old and never too young.
   *
   * @param nowMs The monotonic clock, where it was read just before.
   */
  ageMs(answer: StoredAnswer, nowMs?: number): number

  /**
   * Time since which the key of a found answer is found without a break, ms; not less than its age. A suspend
   * of the machine is not counted, which makes it too short and never too long.
   */
  foundForMs(answer: StoredAnswer): number

  /** Stores an answer in place of any other of this key. */
  set(storeKey: string, answer: NewAnswer): void

  /**
   * As {@link set}, for texts that hold on to nothing else: read from a file, or stored before. Keeps
   * nothing of `answer` itself, so that a caller with a million of them can use one object for all.
   */
  restore(storeKey: string, answer: NewAnswer, now?: Instant): void

  /** Begins to take answers of an earlier run, which {@link Restoring.end} ends. */
  beginRestoring(): Restoring

  /** While answers of an earlier run are taken; a key that is missing may still come. */
  readonly restoring: Restoring | undefined

  delete(storeKey: string): void

  /** Keeps the answer of a key from being pushed out by keys that come once. */
  protect(storeKey: string): void

  /**
   * Forgets answers, and those that are asked for at this moment.
   *
   * A domain is looked for in every entry: a million take some tenths of a second.
   *
   * @returns How many stored answers were forgotten.
   */
  purge(scope: PurgeScope): number

  /** Purges so far, to be noted with a question and given to {@link purgedSince}. */
  readonly generation: number

  /** Returns whether an answer asked for at `generation` must not be stored any more. */
  purgedSince(generation: number, storeKey: string): boolean

  /**
   * The prefix of the store keys of one upstream of the table, so that each upstream's answers
   * have their own freshness. The first one uses none: its store keys are the keys.
   */
  prefixFor(upstreamIndex: number): string

  /**
   * Different found answers of one upstream, chosen at random, whatever their age; they do not count as used.
   *
   * @param prefix Of the upstream, see {@link prefixFor}.
   * @param count Most of them.
   * @param random Numbers from 0 up to 1.
   */
  someFound(
    prefix: string,
    count: number,
    random: () => number,
  ): Iterable<readonly [storeKey: string, answer: StoredAnswer]>

  readonly size: number
  status(): StoreStatus

  /**
   * Every stored answer once, in no order. The walk may pause between any two answers: one that
   * is stored or removed meanwhile may be missed, the others are not.
   */
  entries(): Iterable<readonly [storeKey: string, answer: StoredAnswer]>
}

/** The taking of answers of an earlier run: see restoring.ts. */
export interface Restoring {
  /** Stores an answer, unless the store knows better. As {@link AnswerStore.restore}. */
  add(storeKey: string, answer: NewAnswer, now: Instant): void
  end(): void
  /** Resolves when every answer is there, or at a deadline, monotonic ms. */
  endedBy(deadlineMs: number, clock: Clock): Promise<void>
}

/** What to store under a key. */
export interface NewAnswer {
  /** Undefined for "not found". */
  readonly value: string | undefined
  readonly freshness: Freshness
  /** Time since the service answered, ms, not negative. */
  readonly ageMs: number
  readonly validators?: Validators
  readonly endpoint?: number
  /** Time since which the key is found without a break, ms, where it is longer than `ageMs` and than the store knows. */
  readonly foundForMs?: number
  /** True when the service was known to be sane (canary) when it answered. */
  readonly confirmedByCanary?: boolean
  /** Bytes of the key and all texts as V8 holds them, where the caller knows them. */
  readonly textBytes?: number
}

/** A stored answer as another store takes it. */
export function copyOf(answer: StoredAnswer, store: AnswerStore): NewAnswer {
  return {
    value: answer.value,
    freshness: answer,
    ageMs: store.ageMs(answer),
    validators: answer.validators,
    endpoint: answer.endpoint,
    foundForMs: store.foundForMs(answer),
    confirmedByCanary: answer.confirmedByCanary,
  }
}

/** Takes over every answer of another store, for a table whose bounds changed. */
export function copyAnswers(from: AnswerStore, to: AnswerStore): void {
  for (const [storeKey, answer] of from.entries()) to.restore(storeKey, copyOf(answer, from))
}
