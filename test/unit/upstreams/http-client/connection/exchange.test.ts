/**
 * What one exchange leaves behind: a connection that can be used again, and no listener.
 */
import type { Dispatcher } from 'undici'
import { describe, expect, test } from 'vitest'
import type { CancelSignal } from '../../../../../src/core/cancellation.ts'
import {
  type DrainedBody,
  type ExchangeOutcome,
  exchange,
} from '../../../../../src/upstreams/http-client/connection/exchange.ts'
import { ManualClock } from '../../../../support/clock/manual-clock.ts'

/** An exchange whose reply the test writes, of a service that answers 404 where no body matters. */
function begin(signal?: CancelSignal, drained?: DrainedBody) {
  const clock = new ManualClock()
  let handler: Dispatcher.DispatchHandler | undefined
  const dispatcher = {
    dispatch: (_options: unknown, given: Dispatcher.DispatchHandler) => {
      handler = given
      return true
    },
  } as unknown as Dispatcher
  const aborted: string[] = []
  const controller = {
    abort: (error: Error) => aborted.push(error.message),
  } as unknown as Dispatcher.DispatchController
  const outcome: Promise<ExchangeOutcome> = exchange(
    { dispatcher, origin: 'http://127.0.0.1:1', pathPrefix: '' },
    { method: 'GET', path: '/', headers: [], body: undefined },
    { reused: false, broken: false, addresses: [] },
    {
      clock,
      timeoutMs: 1000,
      signal,
      maxBodyBytes: 100_000,
      needsBody: (status) => status === 200,
      drained,
    },
  )
  handler?.onRequestStart?.(controller, undefined)
  const reply = (status: number, bytes: readonly number[], headers = {}) => {
    handler?.onResponseStart?.(controller, status, headers, '')
    for (const length of bytes) handler?.onResponseData?.(controller, Buffer.alloc(length))
  }
  return { outcome, reply, aborted, clock, end: () => handler?.onResponseEnd?.(controller, {}) }
}

describe('a body that does not matter', () => {
  for (const [bytes, closes] of [
    [[65_536], false],
    [[65_537], true],
    [[65_000, 536], false],
    [[65_000, 537], true],
  ] as const) {
    test(`of ${bytes.join(' and ')} bytes ${closes ? 'costs' : 'keeps'} the connection`, async () => {
      const { outcome, reply, aborted } = begin()
      reply(404, bytes)
      expect(await outcome).toMatchObject({ kind: 'response', response: { status: 404 } })
      expect(aborted).toEqual(closes ? ['a body that does not matter'] : [])
    })
  }

  for (const [length, closes] of [
    ['65536', false],
    ['65537', true],
  ] as const) {
    test(`announced with ${length} bytes ${closes ? 'costs' : 'keeps'} the connection`, () => {
      const { reply, aborted } = begin()
      reply(404, [], { 'content-length': length })
      expect(aborted).toEqual(closes ? ['a body that does not matter'] : [])
    })
  }
})

describe('a body that does not matter, kept for an explanation', () => {
  const keep = () => {
    const got: (number | 'end')[] = []
    return { got, append: ({ length }: Buffer) => void got.push(length), end: () => void got.push('end') }
  }

  test('is taken while the answer is there already, to its end', async () => {
    const kept = keep()
    const { outcome, reply, end } = begin(undefined, kept)
    reply(503, [10, 20])
    expect(await outcome).toMatchObject({
      kind: 'response',
      response: { status: 503, body: Buffer.alloc(0) },
    })
    expect(kept.got).toEqual([10, 20])
    end()
    expect(kept.got).toEqual([10, 20, 'end'])
  })

  test('ends with the time of the request when it does not come', async () => {
    const kept = keep()
    const { outcome, reply, clock, aborted } = begin(undefined, kept)
    reply(503, [10])
    await outcome
    clock.advance(999)
    expect(kept.got).toEqual([10])
    clock.advance(1)
    expect(kept.got).toEqual([10, 'end'])
    expect(aborted).toEqual(['timeout'])
  })

  test('is read to the same limit, whatever length it announces', async () => {
    const kept = keep()
    const { reply, aborted } = begin(undefined, kept)
    reply(503, [65_536], { 'content-length': '9000000' })
    expect(aborted).toEqual([])
    reply(503, [1])
    expect(aborted).toEqual(['a body that does not matter'])
  })
})

test('a signal that serves many exchanges has no listener of one that ended', async () => {
  const listeners = new Set<() => void>()
  const signal: CancelSignal = {
    aborted: false,
    addEventListener: (_type, listener) => void listeners.add(listener),
    removeEventListener: (_type, listener) => void listeners.delete(listener),
  }
  const { outcome, reply, end } = begin(signal)
  expect(listeners.size).toBe(1)
  reply(200, [10])
  end()
  expect(await outcome).toMatchObject({ kind: 'response' })
  expect(listeners.size).toBe(0)
})
