/**
 * A client of memcache and proxymap that sends and reads text, `|` for a NUL; and requests of proxymap for the table `verify`.
 */
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from '../postfix/until.ts'

export class TextClient {
  readonly #socket: Socket
  #text = ''

  private constructor(socket: Socket) {
    this.#socket = socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      this.#text += text.replaceAll('\0', '|')
    })
    socket.on('error', () => {}) // shows as a reply that does not come
    onTestFinished(() => {
      socket.destroy()
    })
  }

  /** @param path Of a unix socket. */
  static async to(path: string): Promise<TextClient> {
    return until('the listener', async () => {
      const socket = connect(path)
      const opened = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true))
        socket.once('error', () => resolve(false))
      })
      return opened === true ? new TextClient(socket) : undefined
    })
  }

  /** Sends a request, and gives what came until it ends so. */
  async ask(request: string, end: string): Promise<string> {
    this.#socket.write(request.replaceAll('|', '\0'))
    const reply = await until(`a reply that ends with ${end}`, () => {
      return this.#text.endsWith(end) ? this.#text : undefined
    })
    this.#text = ''
    return reply
  }
}

export const update = (key: string, value: string) =>
  `request|update|table|mapgate:verify|flags|0|key|${key}|value|${value}||`
export const lookup = (key: string) => `request|lookup|table|mapgate:verify|flags|0|key|${key}||`
/** @param order 0 for the first entry, 1 for the next. */
export const sequence = (order: number) => `request|sequence|table|mapgate:verify|flags|0|function|${order}||`
