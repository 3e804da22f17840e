/**
 * A way to a port on which things happen: it can be cut, slowed down, and speak nonsense.
 */
import { connect, createServer, type Socket } from 'node:net'
import type { Cleanup } from '../http/http-service.ts'

export class TcpWay {
  /** Nothing new gets through while true. */
  isCut = false
  /** What comes back takes so much longer, ms. */
  delayMs = 0
  /** Sent back in the place of each piece of a reply. */
  nonsense: string | undefined
  port = 0
  readonly #sockets = new Set<Socket>()
  readonly #server

  /** @param target The port on loopback that it leads to. */
  constructor(target: number) {
    this.#server = createServer((client) => {
      if (this.isCut) client.destroy()
      else this.#join(client, connect(target, '127.0.0.1'))
    })
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Ends what is open. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(client: Socket, far: Socket): void {
    for (const socket of [client, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => {}) // the other end shows it
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        far.destroy()
      })
    }
    client.pipe(far)
    far.on('data', (piece) => {
      const sent = this.nonsense ?? piece
      if (this.delayMs === 0) client.write(sent)
      else setTimeout(() => client.write(sent), this.delayMs).unref()
    })
  }
}

/** One that ends with the test. */
export async function startTcpWay(t: Cleanup, target: number): Promise<TcpWay> {
  const way = new TcpWay(target)
  t.onTestFinished(() => way.close())
  await way.start()
  return way
}
