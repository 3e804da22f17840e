/**
 * Stopping: everything that was asked is answered first.
 */
import { describe, expect, test } from 'vitest'
import type { Lookup } from '../../../src/core/lookup.ts'
import { found } from '../../../src/core/result.ts'
import { quiet, socketmapSettings, talkTo, testListener, until } from '../../support/wire/sockets.ts'

/** A lookup that a test answers by hand. */
function heldLookup(): { lookup: Lookup; answer: () => void; readonly asked: number } {
  const waiting: (() => void)[] = []
  return {
    lookup: {
      lookup: ({ key }) => new Promise((resolve) => waiting.push(() => resolve(found(key.toString())))),
    },
    answer: () => waiting.shift()?.(),
    get asked() {
      return waiting.length
    },
  }
}

describe('a draining listener', () => {
  test('ends idle connections in order and accepts no new one', async () => {
    const { listener } = await testListener()
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
    const { bound } = listener
    const drained = listener.drain()
    expect(await client.closed).toBe('ended')
    await drained
    await expect(talkTo(bound)).rejects.toThrow('ECONNREFUSED')
    expect(listener.status().connections).toBe(0)
  })

  test('answers a lookup under way and what is pipelined behind it, then ends', async () => {
    const held = heldLookup()
    const { listener } = await testListener(socketmapSettings(), held.lookup)
    const client = await talkTo(listener.bound)
    client.send('3:t a,3:t b,')
    await until(() => held.asked === 1)
    const drained = listener.drain()
    await quiet()
    held.answer()
    await until(() => held.asked === 1)
    held.answer()
    expect(await client.closed).toBe('ended')
    expect(client.received).toBe('4:OK a,4:OK b,')
    await drained
  })

  test('answers a request that was on its way when it began', async () => {
    const { listener } = await testListener()
    const client = await talkTo(listener.bound)
    await quiet()
    client.send('3:t a,')
    const drained = listener.drain()
    expect(await client.closed).toBe('ended')
    expect(client.received).toBe('6:OK t=a,')
    await drained
  })

  test('waits for a client to read its replies', async () => {
    const { listener, clock } = await testListener(socketmapSettings(), {
      lookup: () => found('v'.repeat(99_997)),
    })
    const client = await talkTo(listener.bound)
    client.socket.pause()
    client.send('3:t a,'.repeat(200))
    await until(() => clock.timers === 1)
    const drained = listener.drain()
    await quiet()
    client.socket.resume()
    expect(await client.closed).toBe('ended')
    expect(client.received.length).toBe(200 * '100000:OK ,'.length + 200 * 99_997)
    await drained
  })

  test('closes a connection whose client does not, after the linger time', async () => {
    const { listener, clock } = await testListener()
    const client = await talkTo(listener.bound, { allowHalfOpen: true })
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
    const drained = listener.drain()
    await until(() => clock.timers === 1)
    clock.advance(999)
    await quiet()
    expect(listener.status().connections).toBe(1)
    clock.advance(1)
    await drained
  })

  test('stops waiting when it is closed', async () => {
    const held = heldLookup()
    const { listener, clock } = await testListener(socketmapSettings(), held.lookup)
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await until(() => held.asked === 1)
    const drained = listener.drain()
    await quiet()
    await listener.close()
    await drained
    expect(clock.timers).toBe(0)
    await client.closed
  })

  test('sends a reply that is ready when it is closed', async () => {
    const held = heldLookup()
    const { listener } = await testListener(socketmapSettings(), held.lookup)
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await until(() => held.asked === 1)
    held.answer()
    // The session knows of the answer, and the turn of the event loop is not over.
    await Promise.resolve()
    await listener.close()
    await client.closed
    expect(client.received).toBe('4:OK a,')
  })
})
