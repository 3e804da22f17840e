import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { dial } from '../../../../../src/upstreams/http-client/connection/dial.ts'
import { ManualClock } from '../../../../support/clock/manual-clock.ts'

/** Addresses that connect, or fail, when the test says so. */
function begin(addresses: readonly string[], timeoutMs: number) {
  const clock = new ManualClock()
  const sockets = new Map<string, Socket>()
  const ended: string[] = []
  const tried: string[] = []
  dial(
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    timeoutMs,
    {
      clock,
      connect: ({ address }) => {
        const socket = new Socket()
        sockets.set(address, socket)
        return socket
      },
      onAddress: (address) => tried.push(address),
    },
    (error, socket) => {
      const name = [...sockets].find(([, one]) => one === socket)?.[0]
      ended.push(error === null ? `connected ${name}` : `failed ${Reflect.get(error, 'code')}`)
    },
  )
  const emit = (address: string, event: string, error?: string): void => {
    sockets.get(address)?.emit(event, Object.assign(new Error('x'), { code: error }))
  }
  return { clock, sockets, ended, tried, emit }
}

test('an address that needs longer than 250 ms keeps all the time of the attempt', () => {
  const { clock, ended, tried, emit } = begin(['192.0.2.1', '192.0.2.2'], 2000)
  clock.advance(249)
  expect(tried).toEqual(['192.0.2.1'])
  clock.advance(1)
  expect(tried).toEqual(['192.0.2.1', '192.0.2.2'])
  clock.advance(1700)
  emit('192.0.2.1', 'connect')
  expect(ended).toEqual(['connected 192.0.2.1'])
})

test('the first that connects wins, and the others are closed', () => {
  const { clock, sockets, ended, emit } = begin(['192.0.2.1', '192.0.2.2'], 2000)
  clock.advance(250)
  emit('192.0.2.2', 'connect')
  emit('192.0.2.1', 'connect')
  emit('192.0.2.1', 'error', 'ECONNRESET')
  clock.advance(5000)
  expect(ended).toEqual(['connected 192.0.2.2'])
  expect([sockets.get('192.0.2.1')?.destroyed, sockets.get('192.0.2.2')?.destroyed]).toEqual([true, false])
})

test('a failure brings the next one at once, and the first failure is reported when all fail', () => {
  const { ended, tried, emit } = begin(['192.0.2.1', '192.0.2.2'], 2000)
  emit('192.0.2.1', 'error', 'ECONNREFUSED')
  expect(tried).toEqual(['192.0.2.1', '192.0.2.2'])
  expect(ended).toEqual([])
  emit('192.0.2.2', 'error', 'EHOSTUNREACH')
  expect(ended).toEqual(['failed ECONNREFUSED'])
})

test.each([
  [1999, []],
  [2000, ['failed ETIMEDOUT']],
])('after %d ms of silence: %j', (ms, expected) => {
  const { clock, ended } = begin(['192.0.2.1', '192.0.2.2', '192.0.2.3'], 2000)
  clock.advance(ms)
  expect(ended).toEqual(expected)
})

test('families take turns, beginning with the first', () => {
  const { clock, tried } = begin(['2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.1'], 2000)
  clock.advance(250)
  clock.advance(250)
  clock.advance(250)
  expect(tried).toEqual(['2001:db8::1', '192.0.2.1', '2001:db8::2', '2001:db8::3'])
})
