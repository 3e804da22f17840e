/**
 * Gateways that hear of purges by a store of the test: a stream and hashes in memory, as Redis answers about them.
 */
import { silentObserver } from '../../../src/core/observed/observer.ts'
import type { Reply } from '../../../src/tier/connection.ts'
import type { Purge } from '../../../src/tier/purge-entry.ts'
import { Purges } from '../../../src/tier/purges.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

/** Ids compare as their numbers here: all have as many digits. */
class Store {
  readonly clock: ManualClock
  readonly #aheadMs: number
  stream: { readonly id: string; readonly fields: readonly string[] }[] = []
  readonly hashes = new Map<string, Map<string, string>>()
  #last = 0
  /** All numbers have as many digits. */
  readonly #first = 100_000

  constructor(clock: ManualClock, aheadMs: number) {
    this.clock = clock
    this.#aheadMs = aheadMs
  }

  /** All that were sent, without the name. */
  readonly commands: string[] = []
  /** Arguments of XADD before the id, of each that was sent. */
  readonly trims: string[] = []
  /** An error that the server has for XADD with MINID. */
  minIdError: string | undefined

  add(...fields: readonly string[]): string {
    this.#last++
    const id = `${this.clock.wallMs() + this.#aheadMs}-${this.#first + this.#last}`
    this.stream.push({ id, fields })
    return id
  }

  readonly send = async (...words: readonly (string | Buffer)[]): Promise<Reply> => {
    const [command = '', name = '', ...rest] = words.map(String)
    this.commands.push([command, ...rest].join(' '))
    const rows = (some: typeof this.stream) => some.map(({ id, fields }) => [id, [...fields]])
    if (command === 'XADD') {
      const id = rest.indexOf('*')
      if (rest[0] === 'MINID' && this.minIdError !== undefined) throw new Error(this.minIdError)
      this.trims.push(rest.slice(0, id).join(' '))
      return this.add(...rest.slice(id + 1))
    }
    if (command === 'XRANGE') {
      const [from = ''] = rest
      const since = from.startsWith('(') ? from.slice(1) : ''
      const count = Number(rest[rest.indexOf('COUNT') + 1])
      return rows(this.stream.filter(({ id }) => id > since).slice(0, count))
    }
    if (command === 'XREVRANGE') return rows(this.stream.slice(-1))
    if (command === 'XLEN') return this.stream.length
    const hash = this.hashes.get(name) ?? new Map<string, string>()
    this.hashes.set(name, hash)
    if (command === 'HGETALL') return Array.from(hash).flat()
    if (command === 'HSET')
      for (let at = 0; at < rest.length; at += 2) hash.set(rest[at] ?? '', rest[at + 1] ?? '')
    return command === 'PUBLISH' ? 1 : 0
  }
}

/** @param serverAheadMs The server's clock less that of the gateways. */
export function start(clock = new ManualClock(), serverAheadMs = 0) {
  const store = new Store(clock, serverAheadMs)
  const connection = { send: store.send, close: () => {} }
  const join = (fingerprint = 'own') => {
    const applied: Purge[] = []
    let foreign = 0
    let future = 0
    const world: { connection: typeof connection | undefined } = { connection: undefined }
    const purges = new Purges({
      prefix: 'p:',
      clock,
      observer: { ...silentObserver.tier, foreignEntry: () => foreign++, fromFuture: () => future++ },
      serverMs: () => clock.wallMs() + serverAheadMs,
      fingerprintOf: (table) => (table === 't' ? fingerprint : undefined),
      connection: () => world.connection,
      onPurge: (purge) => applied.push(purge),
    })
    purges.follow('t')
    const connect = async () => {
      await purges.catchUp(connection, true)
      world.connection = connection
    }
    const cut = () => {
      world.connection = undefined
    }
    return {
      purges,
      applied,
      connect,
      cut,
      foreign: () => foreign,
      future: () => future,
      look: () => purges.catchUp(connection, false),
    }
  }
  return { clock, store, join }
}
