/**
 * One request and its reply over a pool: the one place where bytes of a service arrive.
 *
 * The time limit is one timer of our own over connection, head and body: undici's own limits
 * are checked about twice a second and start over with every chunk. The size limit holds while
 * the body arrives, and before it by `content-length`.
 */
import type { Dispatcher } from 'undici'
import type { CancelSignal } from '../../../core/cancellation.ts'
import type { Clock } from '../../../core/clock.ts'
import type { HeaderFields, HttpResponse } from '../reply/response.ts'
import { BodyBuffer } from './body-buffer.ts'
import type { ConnectionUse, Route, TrackedOptions } from './dispatchers.ts'
import type { Progress } from './failures.ts'
import { errors } from './undici.ts'

/** Most bytes of an unneeded body that are read to keep its connection. Ours: more costs as much as a new one. */
const MAX_DRAINED_BYTES = 65_536

/**
 * A time limit that is noticed later than this, ms, passed while this process or its machine stood still. Ours: far
 * above the delays of a busy event loop.
 */
const STALL_MS = 100

/** Time for the replies that arrived meanwhile to be read, ms. Ours: some turns of the event loop. */
const AFTER_STALL_MS = 10

/** How one exchange ended. */
export type ExchangeOutcome =
  | { readonly kind: 'response'; readonly response: HttpResponse }
  /** The body is larger than `maxBodyBytes`. */
  | { readonly kind: 'too-large'; readonly status: number; readonly maxBodyBytes: number }
  | { readonly kind: 'timeout'; readonly progress: Progress; readonly timeoutMs: number }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'error'; readonly error: Error; readonly progress: Progress }

/** A request with all its header fields. */
export interface CompleteRequest {
  readonly method: 'GET' | 'POST'
  /** With the query. */
  readonly path: string
  /** Names and values in turn, each name once. */
  readonly headers: string[]
  readonly body: string | undefined
}

/** Takes the bytes of a body that does not matter, as they come. */
export interface DrainedBody {
  append(chunk: Buffer): void
  /** Nothing comes any more. */
  end(): void
}

export interface ExchangeOptions {
  readonly clock: Clock
  /** Longest time until the whole reply has arrived, ms. */
  readonly timeoutMs: number
  readonly signal: CancelSignal | undefined
  readonly maxBodyBytes: number
  /** Tells by the status whether the body matters; if not, the outcome does not wait for it. */
  readonly needsBody: (status: number) => boolean
  /** For an explanation: a body that does not matter is read up to the same limit, whatever length it announces. */
  readonly drained?: DrainedBody | undefined
}

/**
 * Sends one request. Does not reject: even a defect is an `error` outcome.
 *
 * @param use Called with what becomes of the connection.
 */
export function exchange(
  route: Route,
  request: CompleteRequest,
  use: ConnectionUse,
  options: ExchangeOptions,
): Promise<ExchangeOutcome> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(options, use, resolve)
    if (!handler.begin()) return
    const dispatched: TrackedOptions = {
      origin: route.origin,
      path: route.pathPrefix + request.path,
      method: request.method,
      headers: route.headers === undefined ? request.headers : withRoute(route.headers, request.headers),
      body: request.body ?? null,
      headersTimeout: 0,
      bodyTimeout: 0,
      use,
    }
    route.dispatcher.dispatch(dispatched, handler)
  })
}

/** The request's own fields take the place of those of the way to it. */
function withRoute(fields: Readonly<Record<string, string>>, own: readonly string[]): string[] {
  const names = new Set(own.filter((_text, at) => at % 2 === 0))
  const others = Object.entries(fields).filter(([name]) => !names.has(name))
  return [...others.flat(), ...own]
}

/** Ends a request that is under way, seen by nobody. */
class GivenUp extends Error {}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions
  readonly #use: ConnectionUse
  readonly #resolve: (outcome: ExchangeOutcome) => void
  readonly #onAbort = (): void => this.#giveUp({ kind: 'aborted' })
  #timer: { cancel(): void } | undefined
  #controller: Dispatcher.DispatchController | undefined
  #progress: Progress = 'unsent'
  /** `waiting` for what decides; `draining` a body that does not matter; `done`. */
  #state: 'waiting' | 'draining' | 'done' = 'waiting'
  #status = 0
  #headers: HeaderFields = {}
  readonly #body = new BodyBuffer()
  #drainedBytes = 0

  constructor(options: ExchangeOptions, use: ConnectionUse, resolve: (outcome: ExchangeOutcome) => void) {
    this.#options = options
    this.#use = use
    this.#resolve = resolve
  }

  /** Starts the time; false when the answer is not wanted already. */
  begin(): boolean {
    const { clock, timeoutMs, signal } = this.#options
    if (signal?.aborted === true) {
      this.#settle({ kind: 'aborted' })
      return false
    }
    signal?.addEventListener('abort', this.#onAbort)
    const dueMs = clock.monotonicMs() + timeoutMs
    this.#timer = clock.after(timeoutMs, () => {
      // Timers run before sockets are read: after a pause every request under way would be a time-out, and
      // open the circuit of a service that has answered long ago.
      if (clock.monotonicMs() - dueMs <= STALL_MS) this.#timedOut()
      else this.#timer = clock.after(AFTER_STALL_MS, () => this.#timedOut())
    })
    return true
  }

  /** The connection is there and the request is about to be written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // What broke before was the connection of a request that was given up.
    this.#use.broken = false
    // undici cannot take a request back while it connects, so it is stopped here.
    if (this.#state === 'done') controller.abort(new GivenUp('given up before it was sent'))
    else this.#progress = 'sent'
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: HeaderFields): void {
    if (status < 200) return // interim replies are followed by the reply
    this.#progress = 'replying'
    this.#status = status
    this.#headers = headers
    const length = Number(headers['content-length'] ?? 0)
    if (!this.#options.needsBody(status)) {
      this.#drain()
      if (length > MAX_DRAINED_BYTES && this.#options.drained === undefined)
        controller.abort(new GivenUp('a body that does not matter'))
    } else if (length > this.#options.maxBodyBytes) {
      this.#tooLarge()
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#state === 'draining') {
      this.#drainedBytes += chunk.length
      this.#options.drained?.append(chunk)
      if (this.#drainedBytes > MAX_DRAINED_BYTES) controller.abort(new GivenUp('a body that does not matter'))
    } else if (this.#body.length + chunk.length > this.#options.maxBodyBytes) {
      this.#tooLarge()
    } else {
      this.#body.append(chunk)
    }
  }

  onResponseEnd(): void {
    if (this.#use.broken) {
      const error = new errors.SocketError('reset before the end of the body')
      this.#settle({ kind: 'error', error, progress: this.#progress })
      return
    }
    this.#settle({ kind: 'response', response: this.#response(this.#body.content()) })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle({ kind: 'error', error, progress: this.#progress })
  }

  #timedOut(): void {
    const { timeoutMs } = this.#options
    this.#giveUp({ kind: 'timeout', progress: this.#progress, timeoutMs })
  }

  #tooLarge(): void {
    const { maxBodyBytes } = this.#options
    this.#giveUp({ kind: 'too-large', status: this.#status, maxBodyBytes })
  }

  /** Answers at once; what is left of the reply keeps its connection and its time limit. */
  #drain(): void {
    this.#state = 'draining'
    this.#resolve({ kind: 'response', response: this.#response(EMPTY) })
  }

  #giveUp(outcome: ExchangeOutcome): void {
    this.#settle(outcome)
    this.#controller?.abort(new GivenUp(outcome.kind))
  }

  #settle(outcome: ExchangeOutcome): void {
    if (this.#state === 'done') return
    const wanted = this.#state === 'waiting'
    this.#state = 'done'
    this.#timer?.cancel()
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#body.clear()
    if (wanted) this.#resolve(outcome)
    else this.#options.drained?.end()
  }

  #response(body: Buffer): HttpResponse {
    return { status: this.#status, headers: this.#headers, body }
  }
}

const EMPTY = Buffer.alloc(0)
