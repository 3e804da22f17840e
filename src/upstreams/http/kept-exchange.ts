/**
 * One request and its reply, kept for an operator's explanation.
 *
 * A body that does not matter to the answer (of a 404, a 503) is read on while the answer is on its way already: the explanation gets
 * what of it has come by then, or a little later, and no lookup waits for it.
 */
import type { HttpExchange } from '../../core/observed/explain.ts'
import type { DrainedBody } from '../http-client/connection/exchange.ts'

export class KeptExchange implements HttpExchange, DrainedBody {
  readonly method: string
  readonly url: string
  repeated?: true
  body?: string
  bodyBytes?: number
  readonly whole: Promise<void>
  #chunks: Buffer[] = []
  #end: () => void = () => {}

  constructor(method: string, url: string) {
    this.method = method
    this.url = url
    this.whole = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  append(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk))
  }

  end(): void {
    this.setBody(Buffer.concat(this.#chunks))
    this.#chunks = []
  }

  /** What was read as a whole; undefined where no body came. */
  setBody(body: Buffer | undefined): void {
    if (body !== undefined && body.length > 0) {
      this.body = body.toString()
      this.bodyBytes = body.length
    }
    this.#end()
  }
}
