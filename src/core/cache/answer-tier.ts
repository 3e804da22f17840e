/**
 * What the gateways of a site know together about one table: the port between the cache and what holds it.
 *
 * It is behind the answer store of each gateway and never in the place of it: what it loses, or does not say in time,
 * costs a question to the service and nothing else.
 */
import type { NewAnswer } from './answer-store.ts'

/** How long one lookup has waited for the tier by now, over all of its keys. */
export interface TierWait {
  tierWaitedMs: number
}

export interface AnswerTier {
  /**
   * Looks for the answer that some gateway stored, with its age by now.
   *
   * @param wait Of the lookup: the tier's limit is for all of its keys. Undefined where none waits.
   * @returns Undefined at once where it is not asked now. The promise settles within the tier's own limit, and does not reject.
   */
  find(storeKey: string, wait: TierWait | undefined): Promise<NewAnswer | undefined> | undefined

  /**
   * Stores an answer for the others, some time later.
   *
   * @param askedMs Monotonic ms at which the question was asked: a purge after it makes the answer worthless.
   */
  store(storeKey: string, answer: NewAnswer, askedMs: number): void

  /**
   * Takes the right to refresh an answer ahead of need, so that not every gateway does. It ends by itself, and whoever loses it
   * costs the service a second request.
   *
   * @returns Whether it was taken; true as well where the tier does not say. The promise does not reject.
   */
  lease(storeKey: string, forMs: number): Promise<boolean>

  /** The answer of a key must not be used any more, by nobody. */
  delete(storeKey: string): void

  /** Nothing that is there by now is used by this gateway any more. */
  forget(): void
}
