/**
 * Server-sent events: what happens, as it happens.
 *
 * A reader that does not keep up loses events (src/observability/events.ts) and gets their number.
 * What Node.js holds for it is one write above its buffer, never more.
 */
import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../core/clock.ts'
import type { Subscription } from '../../observability/events.ts'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import { ProblemError } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems } from '../schemas.ts'

/**
 * Time between two comments that keep the connection alive, ms. Below the 30 s after which some
 * proxies close a silent one. Ours.
 */
const KEEP_ALIVE_MS = 15_000

export function addEventsRoute(app: App, { ports: { clock, events }, onRightsChange }: RouteParts): void {
  const streams = new Set<EventStream>()
  const endAll = (): void => {
    for (const stream of streams) stream.end()
  }
  app.addHook('preClose', async () => endAll())
  // A token that is gone must not go on watching; one that still may reconnects at once.
  onRightsChange(endAll)
  app.get(
    '/api/v1/events',
    {
      config: { access: 'viewer' },
      exposeHeadRoute: false,
      schema: {
        summary: 'Live events: lookup (sampled), circuit, canary, reload, state, problem, history, lost',
        tags: ['status'],
        response: {
          200: {
            description: 'One JSON object per event.',
            content: { 'text/event-stream': { schema: Type.String() } },
          },
          ...problems(401, 429),
        },
      },
    },
    async (_request, reply) => {
      const stream = new EventStream(clock, reply.raw, () => streams.delete(stream))
      const subscription = events.subscribe(() => stream.pump())
      if (subscription === undefined) {
        throw new ProblemError(429, 'too-many-watchers', 'too many watch already; close a page', {
          'retry-after': '10',
        })
      }
      reply.hijack()
      const headers = {
        ...reply.getHeaders(),
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
      }
      reply.raw.writeHead(200, headers as Record<string, string>)
      streams.add(stream)
      stream.start(subscription)
    },
  )
}

/** One reader. */
class EventStream {
  readonly #clock: Clock
  readonly #response: ServerResponse
  readonly #ended: () => void
  #subscription: Subscription | undefined
  #keepAlive: Timer | undefined

  constructor(clock: Clock, response: ServerResponse, ended: () => void) {
    this.#clock = clock
    this.#response = response
    this.#ended = ended
  }

  start(subscription: Subscription): void {
    this.#subscription = subscription
    this.#response.on('drain', () => this.pump())
    this.#response.on('close', () => this.#stop())
    // A broken connection shows as `close` too; without a listener its error would end the program.
    this.#response.on('error', () => {})
    this.#response.write(': mapgate events\n\n')
    this.#scheduleKeepAlive()
    this.pump()
  }

  /** Writes what waits, until the reader's buffer is full; goes on at `drain`. */
  pump(): void {
    while (!this.#response.writableNeedDrain && this.#response.writable) {
      const frame = this.#subscription?.take()
      if (frame === undefined) return
      this.#response.write(frame)
    }
  }

  end(): void {
    this.#stop()
    this.#response.end()
  }

  #scheduleKeepAlive(): void {
    this.#keepAlive = this.#clock.after(KEEP_ALIVE_MS, () => {
      if (!this.#response.writableNeedDrain) this.#response.write(': still here\n\n')
      this.#scheduleKeepAlive()
    })
  }

  #stop(): void {
    this.#keepAlive?.cancel()
    this.#subscription?.close()
    this.#ended()
  }
}
