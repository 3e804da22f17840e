/**
 * How long a lookup waits for the shared store at most, whatever happens to it: by a clock that the test moves.
 */
import { expect, test } from 'vitest'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import type { Reply } from '../../../src/tier/connection.ts'
import { Link } from '../../../src/tier/link.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'

/** A server that tells the time and answers nothing else, until `answer` is called. */
class MuteServer {
  readonly clock = new ManualClock()
  readonly sent: string[] = []
  readonly #waiting: ((reply: Reply) => void)[] = []
  readonly failures: string[] = []
  isMute = false
  readonly link: Link

  constructor(timeoutMs = 50) {
    this.link = new Link({
      clock: this.clock,
      timeoutMs,
      observer: { ...silentObserver.tier, failed: (failure) => this.failures.push(failure) },
      open: async () => ({ send: (...args) => this.#send(String(args[0])), close: () => {} }),
      onMessage: () => {},
      onSetBack: () => {},
      catchUp: async () => {},
    })
  }

  async start(): Promise<this> {
    this.link.start()
    await this.clock.advanceAsync(0)
    expect(this.link.isUp).toBe(true)
    return this
  }

  answer(reply: Reply): void {
    for (const resolve of this.#waiting.splice(0)) resolve(reply)
  }

  #send(name: string): Promise<Reply> {
    this.sent.push(name)
    if (name === 'TIME' && !this.isMute)
      return Promise.resolve([String(Math.floor(this.clock.wallMs() / 1000)), '0'])
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }
}

/** What a promise is by now. */
async function stateOf(promise: Promise<unknown> | undefined): Promise<unknown> {
  await settle()
  return Promise.race([promise, Promise.resolve('waits')])
}

test('a lookup waits for the timeout and not longer, and the next ones not at all', async () => {
  const { clock, link, sent, failures } = await new MuteServer().start()
  const first = link.read(undefined, 'GET', 'a')
  await clock.advanceAsync(30)
  const second = link.read(undefined, 'GET', 'b')
  await clock.advanceAsync(19)
  expect([await stateOf(first), await stateOf(second)]).toEqual(['waits', 'waits'])
  await clock.advanceAsync(1)
  // The second would have had 30 ms more, and nobody waits for what is late.
  expect([await stateOf(first), await stateOf(second)]).toEqual([undefined, undefined])
  expect(link.read(undefined, 'GET', 'c')).toBeUndefined()
  expect(sent.filter((name) => name === 'GET')).toHaveLength(2)
  expect(failures).toEqual(['timeout', 'skipped'])
})

test('a lookup of five keys waits once', async () => {
  const { clock, link } = await new MuteServer().start()
  const startMs = clock.monotonicMs()
  let endMs = 0
  const lookup = async () => {
    for (const key of ['a+b@c', 'a@c', 'a+b', 'a', '@c']) await link.read(undefined, 'GET', key)
    endMs = clock.monotonicMs()
  }
  void lookup()
  await clock.advanceAsync(1000)
  expect(endMs - startMs).toBe(50)
})

test('a reply that comes as the timeout ends is an answer', async () => {
  const server = await new MuteServer().start()
  const reply = server.link.read(undefined, 'GET', 'a')
  await server.clock.advanceAsync(49)
  server.answer('there')
  await server.clock.advanceAsync(1)
  expect(await stateOf(reply)).toBe('there')
  expect(server.link.isUp).toBe(true)
})

test('while the server is slow, lookups do not wait for it, however often it is tried', async () => {
  const server = await new MuteServer().start()
  server.isMute = true
  const { clock, link } = server
  const first = link.read(undefined, 'GET', 'a')
  await clock.advanceAsync(50)
  expect(await stateOf(first)).toBeUndefined()
  for (let second = 0; second < 60; second++) {
    await clock.advanceAsync(1000)
    expect(link.read(undefined, 'GET', 'a')).toBeUndefined()
  }
})

test('what nobody else can answer waits for a second, and says why it does not know', async () => {
  const { clock, link } = await new MuteServer().start()
  const reply = link.command('HGET', 'a').catch((error: Error) => error.message)
  await clock.advanceAsync(999)
  expect(await stateOf(reply)).toBe('waits')
  await clock.advanceAsync(1)
  expect(await stateOf(reply)).toBe('no reply within 1000 ms')
})

test('what nobody else can answer is asked also while lookups do without the store', async () => {
  const server = await new MuteServer().start()
  const { clock, link } = server
  void link.read(undefined, 'GET', 'a')
  await clock.advanceAsync(50)
  expect(link.isUp).toBe(false)
  const reply = link.command('HGET', 'a')
  await settle()
  server.answer('there')
  expect(await stateOf(reply)).toBe('there')
})

test('a link that is closed knows nothing', async () => {
  const { link } = await new MuteServer().start()
  link.close()
  expect(link.read(undefined, 'GET', 'a')).toBeUndefined()
  await expect(link.command('HGET', 'a')).rejects.toThrow('there is no connection')
})

test('a connection that ends before it is handed over is a failure as any other', async () => {
  const clock = new ManualClock()
  const link = new Link({
    clock,
    timeoutMs: 50,
    observer: silentObserver.tier,
    open: async ({ onEnd }) => {
      onEnd(new Error('Socket closed unexpectedly'))
      return { send: async () => ['1', '0'], close: () => {} }
    },
    onMessage: () => {},
    onSetBack: () => {},
    catchUp: async () => {},
  })
  link.start()
  await settle()
  expect(link.isUp).toBe(false)
  expect(link.lastFailure).toBe('Socket closed unexpectedly')
  link.close()
})

test('a lookup waits for the timeout in all, however many keys it asks for, and the store may be well for others', async () => {
  const server = await new MuteServer().start()
  const { clock, link, failures } = server
  const lookup = { tierWaitedMs: 0 }
  const first = link.read(lookup, 'GET', 'a+b')
  await clock.advanceAsync(45)
  server.answer('there')
  expect(await stateOf(first)).toBe('there')
  const second = link.read(lookup, 'GET', 'a')
  await clock.advanceAsync(4)
  expect(await stateOf(second)).toBe('waits')
  await clock.advanceAsync(1)
  expect(await stateOf(second)).toBeUndefined()
  expect(link.read(lookup, 'GET', 'b')).toBeUndefined()
  expect(failures).toEqual(['timeout', 'skipped'])
  expect(lookup.tierWaitedMs).toBe(50)
  expect(link.isUp).toBe(true)
  const other = link.read({ tierWaitedMs: 0 }, 'GET', 'b')
  server.answer('b')
  expect(await stateOf(other)).toBe('b')
})
