/**
 * What one connection may take: time to ask, time to read, memory. And what it keeps for
 * nothing: an idle connection.
 */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Lookup } from '../../../src/core/lookup.ts'
import { found } from '../../../src/core/result.ts'
import {
  quiet,
  socketmapSettings,
  talkTo,
  tcpTableSettings,
  testListener,
  until,
} from '../../support/wire/sockets.ts'

/** A reply that no socket buffer takes twice. */
const LARGE = found('v'.repeat(99_997))

/** Of the kernel's `include/net/tcp_states.h`, and the `tr` column of proc(5)'s `/proc/net/tcp`. */
const ESTABLISHED = '01'
const KEEPALIVE_TIMER = '02'

const largeLookup: Lookup = { lookup: () => LARGE }

describe('an idle connection', () => {
  test('is never closed, and has no timer', async () => {
    const { listener, clock } = await testListener()
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
    expect(clock.timers).toBe(0)
    clock.advance(30 * 24 * 3_600_000)
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
  })
})

describe('a connection whose other side may be gone', () => {
  test.skipIf(process.platform !== 'linux')('is probed by TCP keepalive', async () => {
    const { listener } = await testListener()
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
    const port = listener.bound.kind === 'inet' ? listener.bound.port : 0
    const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
    const sockets = (await readFile('/proc/net/tcp', 'utf8'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    const accepted = sockets.filter(([, address, , state]) => address === local && state === ESTABLISHED)
    expect(accepted.map(([, , , , , timer]) => timer?.slice(0, 2))).toEqual([KEEPALIVE_TIMER])
  })
})

describe('a request that was begun', () => {
  const protocols = [
    {
      name: 'socketmap',
      settings: socketmapSettings(),
      begin: '9:t a',
      next: 'b',
      rest: 'cdefg,',
      reply: '12:OK t=abcdefg,',
    },
    {
      name: 'tcp_table',
      settings: tcpTableSettings(),
      begin: 'get a',
      next: 'b',
      rest: 'c\n',
      reply: '200 aliases=abc\n',
    },
  ]
  for (const { name, settings, begin, next, rest, reply } of protocols) {
    test(`${name}: may be finished until the last millisecond of its time, and the timer is gone then`, async () => {
      const { listener, clock } = await testListener(settings)
      const client = await talkTo(listener.bound)
      client.send(begin)
      await until(() => clock.timers === 1)
      clock.advance(29_999)
      client.send(next)
      client.send(rest)
      await client.expect(reply)
      expect(clock.timers).toBe(0)
    })

    test(`${name}: and is not finished in time closes, however often a byte comes`, async () => {
      const { listener, clock, told } = await testListener(settings)
      const client = await talkTo(listener.bound)
      client.send(begin)
      await until(() => clock.timers === 1)
      clock.advance(29_999)
      client.send(next)
      await quiet()
      clock.advance(1)
      expect(await client.closed).toBe('ended')
      expect(told).toEqual(['opened', 'error request-timeout'])
      expect(clock.timers).toBe(0)
    })
  }

  test('behind others has its own time', async () => {
    const { listener, clock } = await testListener()
    const client = await talkTo(listener.bound)
    client.send('3:')
    await until(() => clock.timers === 1)
    clock.advance(29_999)
    client.send('t a,3:t')
    await client.expect('6:OK t=a,')
    clock.advance(29_999)
    client.send(' b,')
    await client.expect('6:OK t=b,')
  })

  test('has no time limit while a lookup of the same connection is under way', async () => {
    let finish: () => void = () => {}
    const lookup: Lookup = { lookup: () => new Promise((resolve) => (finish = () => resolve(found('x')))) }
    const { listener, clock } = await testListener(socketmapSettings(), lookup)
    const client = await talkTo(listener.bound)
    client.send('3:t a,3:t')
    await quiet()
    client.send(' ')
    await quiet()
    expect(clock.timers).toBe(0)
    finish()
    await client.expect('4:OK x,')
    await until(() => clock.timers === 1)
  })

  test('and is a line too long to hold is limited in time as well', async () => {
    const { listener, clock } = await testListener(tcpTableSettings())
    const client = await talkTo(listener.bound)
    client.send(Buffer.alloc(393_216, 'x'))
    await until(() => clock.timers === 1)
    clock.advance(30_000)
    expect(await client.closed).not.toBe('open')
  })
})

describe('a client that does not read its replies', () => {
  test('is read no further, takes bounded memory, and is closed when its time is over', async () => {
    let asked = 0
    const lookup: Lookup = {
      lookup: () => {
        asked++
        return LARGE
      },
    }
    const { listener, clock, told } = await testListener(socketmapSettings(), lookup)
    const client = await talkTo(listener.bound)
    client.socket.pause()
    client.send('3:t a,'.repeat(100_000))
    await until(() => clock.timers === 1)
    await quiet()
    // What the two sockets' buffers hold, and one reply more: far from the 10 GB that were asked for.
    expect(asked).toBeLessThan(500)
    const before = asked
    clock.advance(29_999)
    await quiet()
    expect([asked, told]).toEqual([before, ['opened']])
    clock.advance(1)
    client.socket.resume()
    await client.closed
    expect(told).toEqual(['opened', 'error reply-timeout'])
    expect(clock.timers).toBe(0)
  })

  test('takes bounded memory with answers that take time, too', async () => {
    let asked = 0
    const lookup: Lookup = {
      lookup: () => {
        asked++
        return Promise.resolve(LARGE)
      },
    }
    const { listener, clock } = await testListener(socketmapSettings(), lookup)
    const client = await talkTo(listener.bound)
    client.socket.pause()
    client.send('3:t a,'.repeat(100_000))
    await until(() => clock.timers === 1)
    await quiet()
    expect(asked).toBeLessThan(500)
  })

  test('gets all of them when it reads late', async () => {
    const { listener, clock } = await testListener(socketmapSettings(), largeLookup)
    const client = await talkTo(listener.bound)
    client.socket.pause()
    client.send('3:t a,'.repeat(300))
    await until(() => clock.timers === 1)
    clock.advance(29_999)
    client.socket.resume()
    await until(() => client.received.length === 300 * '100000:OK ,'.length + 300 * 99_997)
    await until(() => clock.timers === 0)
  })
})

describe('a connection that broke its protocol', () => {
  test('gets the replies before that, is ended, and what still comes is dropped', async () => {
    const { listener, clock, told } = await testListener()
    const client = await talkTo(listener.bound, { allowHalfOpen: true })
    client.send('3:t a,bad')
    await client.expect('6:OK t=a,')
    client.send('3:t b,'.repeat(1000))
    await until(() => clock.timers === 1)
    clock.advance(1000)
    await until(() => listener.status().connections === 0)
    expect(told).toEqual(['opened', 'error length-syntax'])
    expect(client.received).toBe('')
  })
})
