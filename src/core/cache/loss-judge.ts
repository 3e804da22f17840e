/**
 * Decides whether one upstream is believed that says "not found" of a key that it found before.
 *
 *   noticed before the last sample, which was healthy     believed
 *   no sample in the last 20 s                            after a sample that begins now
 *   else                                                  not yet: a sample follows
 *
 * Only a sample that began after the key was missed says something about it. So a single deleted user is "not found" as
 * soon as a sample has been asked, another one at most 20 s later, and of lost data nothing is.
 *
 * The service is asked for at most 120 keys in 20 s besides the lookups, at most 4 at a time and each only while a slot is free.
 */
import type { Clock } from '../clock.ts'
import type { Upstream } from '../upstream.ts'
import type { AnswerStore } from './answer-store.ts'
import { freshnessState } from './freshness.ts'
import type { LossGuard } from './loss-guard.ts'
import { askSample, SAMPLE_KEYS, type SampleOutcome, type SampleVerdict } from './loss-sample.ts'
import { PendingRequest } from './pending-request.ts'
import type { StoredAnswer } from './stored-answer.ts'

/** Least time between the starts of two samples, ms. Ours: 120 keys in it are six requests a second. */
const SAMPLE_EVERY_MS = 20_000

/** How long a healthy sample counts for the keys that were missed before it, ms. Ours: most mail has been tried again by then. */
const HEALTHY_FOR_MS = 900_000

/** Least keys that a sample is made of: of fewer, answers are counted. Ours. */
const MIN_KEYS = 5

/** Age at which a found answer that has expired says nothing about the data, ms. Ours: a week, since deleted ones that nobody asks for stay stored. */
const FORGOTTEN_AFTER_MS = 604_800_000

interface LossJudgeOptions {
  /** Of the table; its upstreams share it. */
  readonly guard: LossGuard
  readonly table: string
  readonly upstream: Upstream
  readonly store: AnswerStore
  /** Of this upstream's keys in the store. */
  readonly prefix: string
  readonly clock: Clock
  /** Numbers from 0 up to 1: which keys are asked for. */
  readonly random: () => number
  /** Longest time for one question, ms. */
  readonly timeoutMs: number
  readonly onDefect: (error: unknown, where: string) => void
}

export class LossJudge {
  readonly #options: LossJudgeOptions
  /** When the last sample began, monotonic ms. */
  #startMs = Number.NEGATIVE_INFINITY
  /** When the last healthy one began. */
  #healthyMs = Number.NEGATIVE_INFINITY
  #state: 'idle' | 'waiting' | 'sampling' = 'idle'

  constructor(options: LossJudgeOptions) {
    this.#options = options
  }

  /** A key that was found before is found again. */
  found(storeKey: string): void {
    this.#options.guard.found(storeKey, this.#options.clock.monotonicMs())
  }

  /**
   * A key is "not found" of which a found answer is stored.
   *
   * @returns Whether that is believed: at once where that is known. The promise does not reject.
   */
  accepts(storeKey: string, stored: StoredAnswer): boolean | Promise<boolean> {
    const { guard, store, clock } = this.#options
    const nowMs = clock.monotonicMs()
    if (guard.isConfirmed(store.ageMs(stored, nowMs))) return true
    const noticedMs = guard.lost(storeKey, nowMs)
    if (guard.isHolding) return false
    if (noticedMs < this.#healthyMs && nowMs - this.#healthyMs < HEALTHY_FOR_MS) return true
    if (this.#state !== 'idle') return false
    const waitMs = this.#startMs + SAMPLE_EVERY_MS - nowMs
    if (waitMs <= 0) return this.#judge(storeKey)
    this.#state = 'waiting'
    clock.after(waitMs, () => void this.#judge(undefined))
    return false
  }

  /**
   * @param except The key that is judged: the others say whether it is alone.
   * @returns Whether the service is believed.
   */
  #judge(except: string | undefined): boolean | Promise<boolean> {
    const { guard } = this.#options
    const keys = this.#keys(except)
    this.#state = 'idle'
    if (keys.length >= MIN_KEYS) return this.#sample(keys)
    if (guard.hasLostMany()) guard.hold()
    return !guard.isHolding
  }

  async #sample(keys: readonly string[]): Promise<boolean> {
    const { clock, guard } = this.#options
    this.#state = 'sampling'
    const startMs = clock.monotonicMs()
    this.#startMs = startMs
    const verdict: SampleVerdict = await askSample(keys, (key) => this.#ask(key), clock)
    this.#state = 'idle'
    if (verdict === 'lost') guard.hold()
    if (verdict === 'healthy') this.#healthyMs = startMs
    return verdict === 'healthy' && !guard.isHolding
  }

  /** Keys that this upstream found lately, at random. */
  #keys(except: string | undefined): readonly string[] {
    const { guard, store, prefix, random, clock } = this.#options
    const nowMs = clock.monotonicMs()
    const keys: string[] = []
    for (const [storeKey, stored] of store.someFound(prefix, SAMPLE_KEYS + 1, random)) {
      const ageMs = store.ageMs(stored, nowMs)
      const isOld = ageMs >= FORGOTTEN_AFTER_MS && freshnessState(stored, ageMs) === 'expired'
      if (storeKey !== except && !isOld && !guard.isConfirmed(ageMs)) keys.push(storeKey.slice(prefix.length))
    }
    return keys.slice(0, SAMPLE_KEYS)
  }

  /** Asks below the store, as a refresh that nobody waits for: what is said changes no answer. */
  async #ask(key: string): Promise<SampleOutcome> {
    const { table, upstream, clock, timeoutMs, onDefect } = this.#options
    const nowMs = clock.monotonicMs()
    try {
      const { result, storable, source } = await upstream.ask(
        new PendingRequest(table, key, key, nowMs, nowMs + timeoutMs, undefined, 0, undefined, false),
      )
      if (source === 'shed') return 'shed'
      if (!storable) return 'failed'
      return result.kind === 'notfound' ? 'lost' : 'found'
    } catch (error) {
      onDefect(error, `upstream ${upstream.name}`)
      return 'failed'
    }
  }
}
