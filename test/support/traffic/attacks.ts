/**
 * What hostile and broken clients do to a listener. Each attack runs until it is stopped; tests and
 * `bench` run a normal client beside it.
 *
 *   const attack = await slowLoris({ protocol: 'socketmap', port }, 500)
 *   ...
 *   await attack.stop()
 */
import { connect, type Socket } from 'node:net'
import type { WireProtocol } from './checked-connection.ts'

export interface Target {
  readonly protocol: WireProtocol
  readonly port: number
}

export interface Attack {
  /** Connections it holds at this moment. */
  readonly held: number
  /** Closes every connection. */
  stop(): Promise<void>
}

/** Starts an attack with so many connections; resolves when they stand. */
export type StartAttack = (target: Target, connections: number) => Promise<Attack>

/** A whole request, one with a long answer, and the begin of one that is never finished. */
const REQUEST = { socketmap: '17:aliases storm-key,', tcp_table: 'get storm-key\n' } as const
const BIG_REQUEST = { socketmap: '17:aliases big-value,', tcp_table: 'get big-value\n' } as const
const BEGINNING = { socketmap: '99999:aliases ', tcp_table: 'get ' } as const

/** Connections opened at the same moment: fewer than any backlog. */
const OPENED_AT_ONCE = 200

class Connections implements Attack {
  readonly #sockets = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #state: 'running' | 'stopped' = 'running'

  get held(): number {
    return this.#sockets.size
  }

  get running(): boolean {
    return this.#state === 'running'
  }

  async open({ port }: Target, connections: number, opened: (socket: Socket) => void): Promise<void> {
    for (let open = 0; open < connections && this.running; open += OPENED_AT_ONCE) {
      const some = Math.min(OPENED_AT_ONCE, connections - open)
      await Promise.all(Array.from({ length: some }, () => this.#one(port, opened)))
    }
  }

  every(ms: number, run: () => void): void {
    this.#timers.add(setInterval(run, ms))
  }

  forEach(run: (socket: Socket) => void): void {
    for (const socket of this.#sockets) run(socket)
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    for (const timer of this.#timers) clearInterval(timer)
    const closed = Array.from(
      this.#sockets,
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    )
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
  }

  #one(port: number, opened: (socket: Socket) => void): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      this.#sockets.add(socket)
      socket.on('error', () => {}) // refused or reset: what an attacker must expect
      socket.once('close', () => {
        this.#sockets.delete(socket)
        resolve()
      })
      socket.once('connect', () => {
        opened(socket)
        resolve()
      })
    })
  }
}

/** Connects and says nothing. */
export const idle: StartAttack = async (target, connections) => {
  const attack = new Connections()
  await attack.open(target, connections, (socket) => socket.resume())
  return attack
}

/** Begins a request and sends a byte of it now and then. */
export const slowLoris: StartAttack = async (target, connections) => {
  const attack = new Connections()
  await attack.open(target, connections, (socket) => {
    socket.resume()
    socket.write(BEGINNING[target.protocol])
  })
  attack.every(1000, () =>
    attack.forEach((socket) => {
      socket.write('x')
    }),
  )
  return attack
}

/** Asks for long answers and never reads one. */
export const neverReads: StartAttack = async (target, connections) => {
  const attack = new Connections()
  const requests = BIG_REQUEST[target.protocol].repeat(3000)
  await attack.open(target, connections, (socket) => {
    socket.pause()
    socket.write(requests)
  })
  return attack
}

/** Pipelines without end, and reads every answer. */
export const flood: StartAttack = async (target, connections) => {
  const attack = new Connections()
  const requests = REQUEST[target.protocol].repeat(500)
  const ask = (socket: Socket): void => {
    if (!attack.running) return
    if (socket.write(requests)) setTimeout(() => ask(socket), 5)
    else socket.once('drain', () => ask(socket))
  }
  await attack.open(target, connections, (socket) => {
    socket.resume()
    ask(socket)
  })
  return attack
}

/** Asks, ends its side, and keeps the rest of the connection as long as it may. */
export const halfClosed: StartAttack = async (target, connections) => {
  const attack = new Connections()
  const ask = (socket: Socket): void => {
    socket.resume()
    socket.end(REQUEST[target.protocol])
  }
  await attack.open(target, connections, ask)
  attack.every(100, () => void attack.open(target, Math.max(0, connections - attack.held), ask))
  return attack
}

/** Connects, asks and resets, again and again. */
export const storm: StartAttack = async (target, connections) => {
  const attack = new Connections()
  const hitAndRun = (socket: Socket): void => {
    socket.write(REQUEST[target.protocol])
    setImmediate(() => socket.resetAndDestroy())
  }
  // A twentieth at a time, so that so many come in a second.
  attack.every(50, () => void attack.open(target, Math.ceil(connections / 20), hitAndRun))
  return attack
}

/** Sends bytes that are no request. */
export const garbage: StartAttack = async (target, connections) => {
  const attack = new Connections()
  const send = (socket: Socket): void => {
    socket.resume()
    socket.write(target.protocol === 'socketmap' ? '-1:99999999999:' : 'put x y\n%zz\0\n')
  }
  attack.every(100, () => {
    attack.forEach(send)
    void attack.open(target, Math.max(0, connections - attack.held), send)
  })
  return attack
}
