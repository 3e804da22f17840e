/**
 * Keeps the model current: opens the event stream, takes a snapshot, applies events, and begins
 * again with growing waits when the stream ends. No DOM.
 */
import type { GatewayEvent } from '../../observability/events.ts'
import { type Api, ApiProblem } from './api.ts'
import { EventParser } from './event-parser.ts'
import type { Model, Status } from './model.ts'

/** The server says something every 2 s, and a comment every 15 s; longer silence is a dead connection. */
const SILENCE_MS = 35_000

/** First wait before another try, ms. Ours: a restart of the gateway takes about this long. */
const FIRST_RETRY_MS = 1000

/** Longest wait before another try, ms. Ours: who looks at the page sees it come back soon, and a team of pages is no load. */
const LONGEST_RETRY_MS = 20_000

interface LiveOptions {
  readonly api: Api
  readonly model: Model
  /** The model has changed. */
  readonly changed: () => void
  /** Resolves when there is another token to try. */
  readonly askToken: (problem: ApiProblem) => Promise<void>
  readonly sleep?: (ms: number) => Promise<void>
  readonly random?: () => number
  readonly silenceMs?: number
}

export class Live {
  readonly #options: LiveOptions
  #failures = 0
  #askingStatus = false
  #connection: AbortController | undefined
  #restarted = false

  constructor(options: LiveOptions) {
    this.#options = options
  }

  /** Runs for ever, or until `signal`. */
  async run(signal?: AbortSignal): Promise<void> {
    signal?.addEventListener('abort', () => this.restart(), { once: true })
    while (signal?.aborted !== true) {
      this.#restarted = false
      const connection = new AbortController()
      this.#connection = connection
      // A stream that ends in order: the gateway has another configuration, or stops.
      const problem = await this.#watch(connection).then(
        () => undefined,
        (error: unknown) => error ?? new Error('unknown'),
      )
      if (!this.#restarted) await this.#recover(problem)
    }
  }

  /** Begins again: with another token. */
  restart(): void {
    this.#restarted = true
    this.#connection?.abort()
  }

  async #recover(problem: unknown): Promise<void> {
    const { sleep = wait, random = Math.random, askToken } = this.#options
    if (problem instanceof ApiProblem && problem.wantsToken) {
      this.#show({ kind: 'token-needed' })
      await askToken(problem)
      return
    }
    this.#failures += 1
    const why = problem instanceof ApiProblem ? `It says: ${problem.message}.` : 'The connection is broken.'
    this.#show(problem === undefined ? { kind: 'connecting' } : { kind: 'lost', why })
    await sleep(retryDelayMs(this.#failures, random()))
  }

  /** One connection, from its start to its end. */
  async #watch(connection: AbortController): Promise<void> {
    const { silenceMs = SILENCE_MS } = this.#options
    let watchdog = setTimeout(() => connection.abort(), silenceMs)
    try {
      // The stream first: what happens while the snapshot is on its way waits in it.
      const stream = await this.#openStream(connection.signal)
      await this.#snapshot()
      this.#show({ kind: 'live' })
      const parser = new EventParser()
      const decoder = new TextDecoder()
      const reader = stream.getReader()
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        clearTimeout(watchdog)
        watchdog = setTimeout(() => connection.abort(), silenceMs)
        for (const { data } of parser.push(decoder.decode(part.value, { stream: true })))
          this.#apply(JSON.parse(data) as GatewayEvent)
      }
    } finally {
      clearTimeout(watchdog)
      connection.abort()
    }
  }

  async #openStream(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    try {
      return await this.#options.api.stream('/api/v1/events', signal)
    } catch (error) {
      // Too many pages watch: this one at least shows how things are at each try.
      if (error instanceof ApiProblem && error.status === 429) await this.#snapshot()
      throw error
    }
  }

  async #snapshot(): Promise<void> {
    const { api, model } = this.#options
    const [status, history, problems] = await Promise.all([
      api.get('/api/v1/status'),
      api.get('/api/v1/history'),
      api.get('/api/v1/problems'),
    ])
    // The shapes are the contract of the admin API, which its own tests hold.
    model.status = status as Status
    model.points = (history as { points: Model['points'] }).points
    model.problems = (problems as { problems: Model['problems'] }).problems
  }

  #apply(event: GatewayEvent): void {
    this.#failures = 0
    if (this.#options.model.apply(event)) void this.#refreshStatus()
    this.#options.changed()
  }

  /** One question at a time; the next event asks again. */
  async #refreshStatus(): Promise<void> {
    if (this.#askingStatus) return
    this.#askingStatus = true
    try {
      this.#options.model.status = (await this.#options.api.get('/api/v1/status')) as Status
      this.#options.changed()
    } catch {
      // The stream tells more surely than one answer whether the gateway is there.
    } finally {
      this.#askingStatus = false
    }
  }

  #show(connection: Model['connection']): void {
    this.#options.model.connection = connection
    this.#options.changed()
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/**
 * How long to wait before another try: longer each time, and never all pages at once.
 *
 * @param failures In a row, 1 or more.
 * @param random 0 to 1, see Math.random.
 * @returns Half of the full wait and a random share of the other half, ms.
 */
export function retryDelayMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
  return full / 2 + (full / 2) * random
}
