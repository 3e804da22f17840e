/**
 * A listener to test, and a client that shows what its connection does, byte by byte.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Lookup } from '../../../src/core/lookup.ts'
import type { ListenerObserver } from '../../../src/core/observed/observer.ts'
import { readOnlyStore, type Store } from '../../../src/core/store/store.ts'
import type { Address } from '../../../src/core/system/address.ts'
import type { Protocol } from '../../../src/protocols/protocol.ts'
import { socketmap } from '../../../src/protocols/socketmap/protocol.ts'
import { tcpTable } from '../../../src/protocols/tcp-table/protocol.ts'
import { type Listener, openListener } from '../../../src/server/listener.ts'
import type { ListenerSettings } from '../../../src/server/settings.ts'
import { ManualClock } from '../clock/manual-clock.ts'
import { tinyLookup } from './tiny-lookup.ts'

export const LOOPBACK_ANY: Address = { kind: 'inet', host: '127.0.0.1', port: 0 }

const DEFAULTS = {
  name: 'a listener',
  address: LOOPBACK_ANY,
  mode: 0o660,
  owner: undefined,
  group: undefined,
  allow: ['127.0.0.0/8', '::1'],
  maxConnections: 1000,
  maxConnectionsPerAddress: 1000,
}

/** Changes to the settings that every listener has. */
type Changes = Partial<Omit<ListenerSettings, 'protocol' | 'own'>>

/** Settings of a listener on a free port of the loopback address. */
export function settingsFor<Own extends object>(
  protocol: Protocol<Own>,
  own: Own = protocol.example,
  changes: Changes = {},
): ListenerSettings {
  return { ...DEFAULTS, ...changes, protocol, own }
}

export function socketmapSettings(changes: Changes = {}, tables?: readonly string[]): ListenerSettings {
  return settingsFor(socketmap, { tables, client: 'postfix' }, changes)
}

export function tcpTableSettings(changes: Changes = {}, table = 'aliases'): ListenerSettings {
  return settingsFor(tcpTable, { table }, changes)
}

export interface TestListener {
  readonly listener: Listener
  readonly clock: ManualClock
  /** What the observer was told, in order. */
  readonly told: string[]
}

/** Opens a listener that is closed with the test. */
export async function testListener(
  settings: ListenerSettings = socketmapSettings(),
  lookup: Lookup = tinyLookup,
  store: Store = readOnlyStore,
): Promise<TestListener> {
  const clock = new ManualClock()
  const told: string[] = []
  const parts = { lookup, store, clock, random: () => 0.5, observer: recorder(told) }
  const listener = await openListener(settings, parts)
  onTestFinished(() => listener.close())
  return { listener, clock, told }
}

function recorder(told: string[]): ListenerObserver {
  return {
    connectionOpened: () => told.push('opened'),
    connectionShed: () => told.push('shed'),
    connectionRefused: (reason) => told.push(`refused ${reason}`),
    protocolError: (kind) => told.push(`error ${kind}`),
    lookupRefused: (_query, result) =>
      told.push(`answered ${'cause' in result ? result.cause : result.kind}`),
    changeRefused: (table) => told.push(`change refused ${table}`),
    passFailed: (cause, text) => told.push(`pass failed ${cause}: ${text}`),
    acceptFailed: () => told.push('accept failed'),
    defect: (error) => told.push(`defect ${String(error)}`),
  }
}

/** The client's end of one connection. */
export class Talker {
  readonly socket: Socket
  /** Everything received so far. */
  received = ''
  /** How many pieces it came in. */
  pieces = 0
  /** `ended`: the server closed in order. `broken`: it reset the connection. */
  readonly closed: Promise<'ended' | 'broken'>
  #ended = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      this.received += text
      this.pieces++
    })
    socket.on('end', () => {
      this.#ended = true
    })
    socket.on('error', () => {}) // a reset shows in `closed`
    this.closed = new Promise((resolve) =>
      socket.on('close', () => resolve(this.#ended ? 'ended' : 'broken')),
    )
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  /** Waits until this text is all that was received, or fails with what was. */
  async expect(text: string): Promise<void> {
    await until(
      () => this.received.length >= text.length,
      () => `received ${JSON.stringify(this.received.slice(-200))}`,
    )
    if (this.received !== text)
      throw new Error(`received ${JSON.stringify(this.received)} for ${JSON.stringify(text)}`)
    this.received = ''
  }
}

/** Connects; the connection is closed with the test. */
export async function talkTo(
  address: Address,
  options: { allowHalfOpen?: boolean; from?: string } = {},
): Promise<Talker> {
  if (address.kind === 'systemd') throw new TypeError('no address to connect to')
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path, allowHalfOpen: options.allowHalfOpen ?? false })
      : connect({
          host: address.host,
          port: address.port,
          allowHalfOpen: options.allowHalfOpen ?? false,
          ...(options.from === undefined ? {} : { localAddress: options.from }),
        })
  onTestFinished(() => {
    socket.destroy()
  })
  const talker = new Talker(socket)
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return talker
}

/** Lets the event loop turn until the condition holds; fails when it does not within 10 s. */
export async function until(holds: () => boolean, state: () => string = () => ''): Promise<void> {
  const givenUpMs = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > givenUpMs) throw new Error(`waited in vain: ${holds} ${state()}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Lets the event loop turn often enough that whatever is going to happen at once has happened. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A directory of its own, removed with the test. */
export function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
