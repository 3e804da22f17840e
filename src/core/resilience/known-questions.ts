/**
 * The questions whose answer is known: what an endpoint is asked when it is doubted, and what it is
 * asked about once a second while its circuit is open.
 *
 * First the canaries of the tables, which the operator chose: those that were found the last time, and those that failed at the end;
 * then a few keys that this endpoint found lately, of any table without side effects.
 */
import type { Reply, SendOptions } from '../upstream.ts'

/** One table at one endpoint, by the route that its lookups take. */
export interface KnownRoute {
  readonly table: string
  /** Rejects only for a defect. */
  send(key: string, options: SendOptions): Promise<Reply>
  /** Called with what the endpoint replied to a known question of this route. */
  checked?(key: string, reply: Reply): void
}

export interface KnownQuestion {
  readonly route: KnownRoute
  readonly key: string
}

/** Found keys that are remembered for each endpoint. Ours: a handful, so that one deleted user does not matter. */
const MAX_FOUND_KEYS = 4

/** Least time between two found keys that are remembered, ms. Ours: the newest is not better than one of a second ago. */
const REMEMBER_EVERY_MS = 1000

/** Longest key that is remembered, UTF-16 units. Ours: no address is longer. */
const MAX_KEY_LENGTH = 320

export class KnownQuestions {
  #canaries: readonly KnownQuestion[] = []
  /** Canaries that were asked: whether they were found the last time. */
  readonly #isFound = new WeakMap<KnownQuestion, boolean>()
  /** Oldest first. */
  #found: readonly KnownQuestion[] = []
  #rememberedAtMs = Number.NEGATIVE_INFINITY

  get isEmpty(): boolean {
    return this.#canaries.length === 0 && this.#found.length === 0
  }

  /** In the order in which they are to be asked. */
  list(): readonly KnownQuestion[] {
    const canaries = this.#canaries.toSorted((a, b) => this.#rank(a) - this.#rank(b))
    return [...canaries, ...this.#found.toReversed()]
  }

  /** The one whose turn it is, of all, each time another. */
  inTurn(turn: number): KnownQuestion | undefined {
    const all = [...this.#canaries, ...this.#found.toReversed()]
    return all[turn % Math.max(1, all.length)]
  }

  /** A canary was asked: one that was found goes first, and one that failed last, since it may be its table alone that fails. */
  asked(question: KnownQuestion, isFound: boolean): void {
    if (this.#canaries.includes(question)) this.#isFound.set(question, isFound)
  }

  isCanary(question: KnownQuestion): boolean {
    return this.#canaries.includes(question)
  }

  addCanary(route: KnownRoute, key: string): void {
    this.#canaries = [...this.#canaries, { route, key }]
  }

  /** The endpoint found this key. On the way of every found answer: hardly ever more than a comparison. */
  remember(route: KnownRoute, key: string, nowMs: number): void {
    if (nowMs - this.#rememberedAtMs < REMEMBER_EVERY_MS || key.length > MAX_KEY_LENGTH) return
    this.#rememberedAtMs = nowMs
    const others = this.#found.filter((one) => one.route !== route || one.key !== key)
    this.#found = [...others, { route, key }].slice(-MAX_FOUND_KEYS)
  }

  /** The endpoint does not know this key any more, which says nothing against it. */
  forget(question: KnownQuestion): void {
    this.#found = this.#found.filter((one) => one !== question)
  }

  /** A table starts over, after a reload: what it found by its route before holds by the new one, or is asked and seen not to. */
  adopt(route: KnownRoute): void {
    this.#found = this.#found.map((one) => (one.route.table === route.table ? { route, key: one.key } : one))
  }

  /** The table is gone. */
  removeRoute(route: KnownRoute): void {
    this.#canaries = this.#canaries.filter((one) => one.route !== route)
    this.#found = this.#found.filter((one) => one.route !== route)
  }

  #rank(canary: KnownQuestion): number {
    const isFound = this.#isFound.get(canary)
    return isFound === undefined ? 1 : isFound ? 0 : 2
  }
}
