/**
 * The compiled program with tables that clients write: killed under load, and asked by hostile clients beside good ones.
 * Needs `npm run build`.
 */
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ADMIN, type GatewayProcess, startGatewayProcess } from '../../support/gateway/gateway-process.ts'
import { SteadyClient } from '../../support/traffic/steady-client.ts'

/** Resident memory that all hostile clients together may add, bytes. Ours: 60 connections with 128 KiB each, and what V8 keeps. */
const MEMORY_BOUND = 150 * 1024 * 1024

/** Longest time that a good client waits beside them, ms. Ours: on a machine that runs other tests. */
const DEADLINE_MS = 3000

const built = fileURLToPath(new URL('../../../dist', import.meta.url))

const CONFIG = (store: string) => `
listeners:
  - { protocol: proxymap, listen: "unix:FOLDER/proxymap", write: [verify], greeting: never, pass: "unix:FOLDER/away" }
  - { protocol: memcache, listen: "inet:127.0.0.1:0" }
${ADMIN}
log: { level: info }
upstreams:
  learned: { store: { directory: "${store}" } }
  fixed: { entries: { user1: v1, user2: v2, user3: v3 } }
tables:
  verify: { upstream: learned }
  aliases: { upstream: fixed }
`

/** Sends text, `|` for a NUL, and counts how often a mark is in what comes back. */
function client(place: number | string, mark: string) {
  const socket = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1')
  const counter = { socket, seen: 0, closed: false, text: '' }
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const text = counter.text + chunk.replaceAll('\0', '|')
    const parts = text.split(mark)
    counter.seen += parts.length - 1
    counter.text = parts.at(-1) ?? ''
  })
  socket.on('error', () => {}) // shows as closed
  socket.on('close', () => {
    counter.closed = true
  })
  onTestFinished(() => void socket.destroy())
  return counter
}

const nul = (text: string) => text.replaceAll('|', '\0')
const update = (key: string, value: string) =>
  nul(`request|update|table|mapgate:verify|flags|0|key|${key}|value|${value}||`)
const set = (key: string, value: string) => `set verify/${key} 0 0 ${value.length}\r\n${value}\r\n`

describe('SIGKILL', () => {
  /** One writer: the next entry when the last one is acknowledged. @returns The acknowledged keys. */
  function write(
    place: number | string,
    request: (key: string) => string,
    acknowledged: string,
    name: string,
  ) {
    const keys: string[] = []
    const counter = client(place, acknowledged)
    let sent = 0
    const next = () => counter.socket.write(request(`${name}-${sent++}@a.example`))
    counter.socket.on('data', () => {
      while (keys.length < counter.seen) {
        keys.push(`${name}-${keys.length}@a.example`)
        next()
      }
    })
    counter.socket.once('connect', next)
    return keys
  }

  test('under load takes no write that was acknowledged', { timeout: 60_000 }, async (t) => {
    const store = join(process.cwd(), 'test-output', `killed-${process.pid}`)
    const acknowledged: string[] = []
    for (let round = 0; round < 2; round++) {
      const gateway = await startGatewayProcess(t, built, CONFIG(store))
      const port = gateway.ports[1] ?? 0
      const writers = Array.from({ length: 8 }, (_, n) => {
        const name = `r${round}w${n}`
        return n % 2 === 0
          ? write(join(gateway.folder, 'proxymap'), (key) => update(key, key), 'status|0||', name)
          : write(port, (key) => set(key, key), 'STORED\r\n', name)
      })
      await expect
        .poll(() => writers.every((keys) => keys.length >= 10), { timeout: 20_000, interval: 5 })
        .toBe(true)
      gateway.process.kill('SIGKILL')
      await gateway.ended
      acknowledged.push(...writers.flat())
    }
    const gateway = await startGatewayProcess(t, built, CONFIG(store))
    const reader = client(gateway.ports[1] ?? 0, '\r\nEND\r\n')
    for (const key of acknowledged) reader.socket.write(`get verify/${key}\r\n`)
    // A miss is `END` alone, and no mark: the value of each key is the key.
    await expect.poll(() => reader.seen, { timeout: 10_000 }).toBe(acknowledged.length)
    expect(acknowledged.length).toBeGreaterThanOrEqual(160)
  })
})

describe('hostile clients of tables', () => {
  let gateway: GatewayProcess

  const places = (): [proxymap: string, memcache: number] => [
    join(gateway.folder, 'proxymap'),
    gateway.ports[1] ?? 0,
  ]

  /** Writes as much as is taken, until so many bytes are sent or the connection is closed. */
  async function pour(socket: Socket, chunk: string, times: number): Promise<void> {
    for (let n = 0; n < times && !socket.destroyed; n++)
      if (!socket.write(chunk))
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), delay(1000)])
  }

  /** Clients that began a request and do not go on: when it was closed, ms after that. */
  const unfinished: Promise<number>[] = []

  function hung({ socket }: ReturnType<typeof client>, text: string): Promise<number> {
    socket.write(text)
    const begunMs = performance.now()
    return new Promise((resolve) => socket.once('close', () => resolve(performance.now() - begunMs)))
  }

  const attacks: [name: string, start: () => Promise<void>][] = [
    [
      'requests and values whose end does not come',
      async () => {
        const [proxymap, memcache] = places()
        const clients = Array.from({ length: 15 }, () => [
          hung(client(proxymap, '||'), update('a', 'v'.repeat(60_000)).slice(0, -1)),
          hung(client(memcache, '\n'), 'set verify/a 0 0 100000\r\nabc'),
        ])
        unfinished.push(...clients.flat())
        for (let n = 0; n < 15; n++) client(memcache, '\n').socket.write('set verify/a 0 0 9999999999\r\nabc')
        await delay(200)
      },
    ],
    [
      'names and lines without an end',
      async () => {
        const [proxymap, memcache] = places()
        const sockets = [proxymap, memcache].flatMap((place) =>
          Array.from({ length: 15 }, () => client(place, '\n').socket),
        )
        await Promise.all(sockets.map((socket) => pour(socket, 'n'.repeat(65_536), 32)))
      },
    ],
    [
      'values of 2 MB, each refused, and the next request on the connection answered',
      async () => {
        const [proxymap, memcache] = places()
        const big = 'v'.repeat(2_000_000)
        const writers = Array.from({ length: 5 }, () => client(proxymap, '||'))
        const setters = Array.from({ length: 5 }, () => client(memcache, '\r\n'))
        for (const { socket } of writers) socket.write(update('big', big) + update('small', 'ok'))
        for (const { socket } of setters) socket.write(set('big', big) + set('small', 'ok'))
        await expect
          .poll(() => [...writers, ...setters].map(({ seen }) => seen), { timeout: 10_000 })
          .toEqual(Array.from({ length: 10 }, () => 2))
      },
    ],
    [
      'ten thousand opens and sequences of made-up tables',
      async () => {
        const [proxymap] = places()
        const opener = client(proxymap, 'status|0|flags|16||')
        const refused = client(proxymap, 'status|5|key||value|||')
        for (let n = 0; n < 10_000; n++) {
          opener.socket.write(nul(`request|open|table|mapgate:made-up${n}|flags|0||`))
          refused.socket.write(nul(`request|sequence|table|mapgate:made-up${n}|flags|0|function|0||`))
        }
        await expect.poll(() => [opener.seen, refused.seen], { timeout: 20_000 }).toEqual([10_000, 10_000])
      },
    ],
    [
      'requests for tables of others, whose server is away, and for names without a type',
      async () => {
        const [proxymap] = places()
        const foreign = Array.from({ length: 4 }, () => client(proxymap, 'status|2|value|||'))
        const named = client(proxymap, 'status|0|flags|16||')
        for (let n = 0; n < 500; n++) {
          for (const { socket } of foreign)
            socket.write(nul(`request|lookup|table|btree:/made-up${n}|flags|0|key|a||`))
          named.socket.write(nul(`request|open|table|made-up${n}|flags|0||`))
        }
        await expect
          .poll(() => [...foreign, named].map(({ seen }) => seen), { timeout: 20_000 })
          .toEqual([500, 500, 500, 500, 500])
      },
    ],
    [
      'ten thousand connections, one after the other, each with an open',
      async () => {
        const [proxymap] = places()
        let answered = 0
        const one = async () => {
          const opened = client(proxymap, 'status|0|flags|16||')
          opened.socket.write(nul('request|open|table|mapgate:aliases|flags|0||'))
          await new Promise((resolve) => opened.socket.once('data', resolve).once('close', resolve))
          answered += opened.seen
          opened.socket.destroy()
        }
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            for (let n = 0; n < 200; n++) await one()
          }),
        )
        expect(answered).toBe(10_000)
      },
    ],
  ]

  test('are answered or closed within bounds, and slow nobody down', { timeout: 90_000 }, async (t) => {
    gateway = await startGatewayProcess(t, built, CONFIG('FOLDER/store'))
    const [proxymap, memcache] = places()
    const before = gateway.memory()
    for (const [name, attack] of attacks) {
      const question = (n: number) => ({ key: `user${1 + (n % 3)}`, value: `v${1 + (n % 3)}` })
      const good = (['proxymap', 'memcache'] as const).map(
        (protocol) =>
          new SteadyClient({
            protocol,
            port: protocol === 'proxymap' ? proxymap : memcache,
            table: 'aliases',
            // The client gives the number of the key back.
            question: (n) => (n <= 3 && n > 0 ? { key: `user${n}`, value: `v${n}` } : question(n)),
          }),
      )
      await attack()
      await expect.poll(() => good.every(({ answers }) => answers >= 20), { timeout: 15_000 }).toBe(true)
      for (const client of good) {
        const { wrong, longestMs } = await client.stop()
        expect([name, wrong]).toEqual([name, []])
        expect([name, longestMs < DEADLINE_MS ? 'in time' : longestMs]).toEqual([name, 'in time'])
      }
      const mebibytes = Math.round((gateway.memory() - before) / 2 ** 20)
      expect([name, mebibytes * 2 ** 20 < MEMORY_BOUND ? 'bounded' : mebibytes]).toEqual([name, 'bounded'])
    }
    // A request that is begun has 30 s.
    const closedMs = await Promise.all(unfinished)
    expect(closedMs).toHaveLength(30)
    for (const ms of closedMs) expect(ms > 29_000 && ms < 40_000 ? 'after 30 s' : ms).toBe('after 30 s')
    expect(await gateway.metric('mapgate_defects_total')).toBe(0)
    expect(await gateway.metric('mapgate_store_entries')).toBe(1)
    expect(await gateway.stop()).toBe(0)
  })
})
