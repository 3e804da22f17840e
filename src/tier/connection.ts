/**
 * A connection to Valkey or Redis: to one server, or to the nodes of a cluster as if they were one. shared-store.ts opens it.
 *
 * It carries commands and the messages of channels (RESP3), and is never reopened by itself: link.ts decides when.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import type { TierSettings } from './settings.ts'

/** What a command gets: bytes, a number, a list, or nothing. */
export type Reply =
  | Buffer
  | string
  | number
  | null
  | undefined
  | readonly Reply[]
  | Readonly<Record<string, Buffer>>

export interface Connection {
  /** Rejects with what the server says against it, or when the connection ends. */
  send(...args: readonly (string | Buffer)[]): Promise<Reply>
  close(): void
}

export interface ConnectionOptions {
  readonly settings: TierSettings
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  /** Longest time until it can be used, ms. */
  readonly timeoutMs: number
  readonly channels: readonly string[]
  readonly onMessage: (channel: string, message: string) => void
  /** Called once, when it ends for any other reason than {@link Connection.close}. */
  readonly onEnd: (error: Error) => void
}

/** From the opening to the end of one. */
export class Lifetime {
  #state: 'opening' | 'open' | 'closed' = 'opening'
  readonly #destroy: () => void
  readonly #onEnd: (error: Error) => void
  lastError = new Error('the connection was closed')

  constructor(destroy: () => void, onEnd: (error: Error) => void) {
    this.#destroy = destroy
    this.#onEnd = onEnd
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** @throws (rejects) with what went wrong, or when it takes too long. */
  async open(work: Promise<unknown>, timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs)
    })
    try {
      await Promise.race([work, late])
      if (this.#state === 'opening') this.#state = 'open'
      else throw this.lastError
    } catch (error) {
      work.catch(() => {}) // it is told by the error that came first
      // One that has ended refuses what waits in it, with words that explain nothing.
      const why = this.#state === 'closed' ? this.lastError : error
      this.close()
      throw why
    } finally {
      clearTimeout(timer)
    }
  }

  /** It has failed, or the other side has ended it. */
  end(error = this.lastError): void {
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    this.lastError = error
    // First: commands that wait are refused by the closing with words that explain nothing.
    if (wasOpen) this.#onEnd(error)
    this.#destroy()
  }

  close(): void {
    this.#state = 'closed'
    this.#destroy()
  }
}
