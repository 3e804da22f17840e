/**
 * What a protocol may do beyond requests and replies, shown by the toy: a listener and its sessions know none of it by name.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Query } from '../../../src/core/lookup.ts'
import { found, NOT_FOUND, permanent, temporary } from '../../../src/core/result.ts'
import type { StoreRequest } from '../../../src/core/store/store.ts'
import { GREETING_MS, NO_DELAY_MS, toy } from '../../support/toy/protocol.ts'
import { quiet, settingsFor, talkTo, testListener, until } from '../../support/wire/sockets.ts'

const SETTINGS = settingsFor(toy, { table: 'aliases', wish: 'come back' })

describe('a greeting for who is silent', () => {
  test('comes when the client has been silent for so long, to the millisecond', async () => {
    const { listener, clock } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    await until(() => clock.timers === 1)
    clock.advance(GREETING_MS - 1)
    await quiet()
    expect(client.received).toBe('')
    clock.advance(1)
    await client.expect('TOY 1\n')
    client.send('key=a\n\n')
    await client.expect('YES aliases=a\n')
  })

  test('does not come to a client that has spoken, whatever it said', async () => {
    const { listener, clock } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    await until(() => clock.timers === 1)
    client.send('k')
    await until(() => listener.status().connections === 1 && clock.timers === 1)
    await quiet()
    clock.advance(GREETING_MS)
    client.send('ey=a\n\n')
    await client.expect('YES aliases=a\n')
  })

  test('leaves no timer behind when the client goes before it', async () => {
    const { listener, clock, told } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    await until(() => clock.timers === 1)
    client.socket.destroy()
    await until(() => listener.status().connections === 0)
    expect([clock.timers, told]).toEqual([0, ['opened']])
  })
})

describe('a lookup', () => {
  test('has what the client said besides the key, and the secret of it can be asked for and nothing else', async () => {
    const queries: Query[] = []
    const lookup = {
      lookup: (query: Query) => {
        queries.push(query)
        return found('x')
      },
    }
    const { listener } = await testListener(SETTINGS, lookup)
    const client = await talkTo(listener.bound)
    client.send('user=bob\npassword=geheim\nkey=a\n\n')
    await client.expect('YES x\n')
    const { attributes } = queries[0] ?? {}
    expect([attributes?.get('user'), attributes?.get('password'), attributes?.get('nothing')]).toEqual([
      'bob',
      'geheim',
      undefined,
    ])
    expect(attributes?.shown).toEqual({ user: 'bob' })
    expect(JSON.stringify(attributes) + inspect(attributes, { depth: 9, showHidden: true })).not.toContain(
      'geheim',
    )
  })

  test('may need a step before it, which is no lookup', async () => {
    const { listener, told } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    client.send('challenge\n\nkey=a\n\n')
    await client.expect('MORE\nYES aliases=a\n')
    expect(told).toEqual(['opened'])
  })

  test('that fails is replied as the listener wishes, also by a reload under the connection', async () => {
    const { listener } = await testListener(SETTINGS, { lookup: () => temporary('timeout', 'no answer') })
    const client = await talkTo(listener.bound)
    client.send('key=a\n\n')
    await client.expect('LATER: come back\n')
    listener.update(settingsFor(toy, { table: 'aliases', wish: 'tomorrow' }))
    client.send('key=a\n\n')
    await client.expect('LATER: tomorrow\n')
  })

  test('is replied by the end of the connection where nothing else can be said', async () => {
    const { listener } = await testListener(SETTINGS, { lookup: () => permanent('refused', 'no') })
    const client = await talkTo(listener.bound)
    client.send('key=a\n\nkey=b\n\n')
    expect(await client.closed).toBe('ended')
    expect(client.received).toBe('')
  })

  for (const [name, lookup] of [
    ['at once', { lookup: () => NOT_FOUND }],
    ['late', { lookup: () => Promise.resolve(NOT_FOUND) }],
  ] as const) {
    test(`answered ${name} may have its reply held back, and the next request waits for it`, async () => {
      const { listener, clock } = await testListener(SETTINGS, lookup)
      const client = await talkTo(listener.bound)
      client.send('challenge\n\nkey=a\n\nchallenge\n\n')
      await client.expect('MORE\n')
      await until(() => clock.timers === 1)
      clock.advance(NO_DELAY_MS - 1)
      await quiet()
      expect(client.received).toBe('')
      clock.advance(1)
      await client.expect('NO\nMORE\n')
      expect(clock.timers).toBe(0)
    })
  }

  test('whose reply is held back is counted when the client does not wait for it', async () => {
    const { listener, clock, told } = await testListener(SETTINGS, { lookup: () => NOT_FOUND })
    const client = await talkTo(listener.bound)
    client.send('key=a\n\n')
    await until(() => clock.timers === 1 && client.socket.bytesWritten > 0)
    await quiet()
    client.socket.resetAndDestroy()
    await until(() => listener.status().connections === 0)
    expect([clock.timers, told]).toEqual([0, ['opened', 'error reply-lost']])
  })

  test('that is refused is answered, counted as an answer, and may end the connection', async () => {
    const { listener, told } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    client.send('user=bob\n\nkey=a\n\n')
    expect(await client.closed).toBe('ended')
    expect(client.received).toBe('LATER: no key\n')
    expect(told).toEqual(['opened', 'error no-key', 'answered unreadable'])
  })
})

describe('a change', () => {
  test('goes to the store, and its result comes back', async () => {
    const requests: StoreRequest[] = []
    const store = {
      request: (request: StoreRequest) => {
        requests.push(request)
        return request.operation === 'put' ? Promise.resolve({ kind: 'done' } as const) : NOT_FOUND
      },
    }
    const { listener, clock } = await testListener(SETTINGS, undefined, store)
    const client = await talkTo(listener.bound)
    client.send('put=a 1\n\nforget=b\n\n')
    await client.expect('DONE\n')
    await until(() => clock.timers === 1)
    clock.advance(NO_DELAY_MS)
    await client.expect('NO\n')
    expect(requests).toEqual([
      { operation: 'put', table: 'aliases', key: Buffer.from('a'), value: Buffer.from('1') },
      { operation: 'delete', table: 'aliases', key: Buffer.from('b') },
    ])
  })

  test('is refused where no table takes any', async () => {
    const { listener } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    client.send('put=a 1\n\n')
    expect(await client.closed).toBe('ended')
  })
})

describe('a request that another server answers', () => {
  /** A server that replies as it is told, and counts its connections. */
  async function otherServer(reply: (request: string) => Buffer | undefined) {
    const requests: string[] = []
    let connections = 0
    const server = createServer((socket) => {
      connections++
      socket.on('error', () => {}) // shows in the client
      socket.on('data', (chunk) => {
        requests.push(chunk.toString())
        const bytes = reply(chunk.toString())
        if (bytes === undefined) socket.destroy()
        else socket.write(bytes)
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => {
      server.close()
    })
    const { port } = server.address() as AddressInfo
    return { port, requests, connections: () => connections, server }
  }

  test('goes there as it came and comes back as it is, in its turn, over one connection', async () => {
    const other = await otherServer(() => Buffer.from([0xff, 0x61, 0x0a]))
    const { listener, told } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    client.socket.setEncoding('latin1')
    client.send(`elsewhere=${other.port}\n\nkey=a\n\nelsewhere=${other.port}\n\nkey=b\n\n`)
    await client.expect('\xffa\nYES aliases=a\n\xffa\nYES aliases=b\n')
    expect(other.requests).toEqual(Array(2).fill(`elsewhere=${other.port}\n\n`))
    expect(other.connections()).toBe(1)
    expect(told).toEqual(['opened'])
  })

  test('fails like a lookup when that server is away, and works again when it is back', async () => {
    let isAway = true
    const other = await otherServer(() => (isAway ? undefined : Buffer.from('here\n')))
    const { listener } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    client.send(`elsewhere=${other.port}\n\n`)
    await client.expect('LATER: come back\n')
    isAway = false
    client.send(`elsewhere=${other.port}\n\n`)
    await client.expect('here\n')
  })

  test('fails after 90 s of silence', async () => {
    const other = await otherServer(() => Buffer.alloc(0))
    const { listener, clock } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    client.send(`elsewhere=${other.port}\n\n`)
    await until(() => other.requests.length === 1)
    clock.advance(89_999)
    await quiet()
    expect(client.received).toBe('')
    clock.advance(1)
    await client.expect('LATER: come back\n')
  })

  test('ends the connection there with the one here', async () => {
    const other = await otherServer(() => Buffer.from('here\n'))
    const { listener } = await testListener(SETTINGS)
    const client = await talkTo(listener.bound)
    const [accepted] = await Promise.all([
      once(other.server, 'connection').then(([socket]) => socket as Socket),
      (async () => {
        client.send(`elsewhere=${other.port}\n\n`)
        await client.expect('here\n')
      })(),
    ])
    client.socket.destroy()
    await until(() => accepted.destroyed)
  })
})

test('the last words before a violation ends the connection reach the client', async () => {
  const { listener, told } = await testListener(SETTINGS)
  const client = await talkTo(listener.bound)
  client.send(`key=${'k'.repeat(300)}\n`)
  expect(await client.closed).toBe('ended')
  expect([client.received, told]).toEqual(['TOO LONG\n', ['opened', 'error line-limit']])
})

test('an unfinished request of several lines has a limited time as one of one line', async () => {
  const { listener, clock, told } = await testListener(SETTINGS)
  const client = await talkTo(listener.bound)
  client.send('user=bob\n')
  await until(() => clock.timers === 1)
  await quiet()
  clock.advance(30_000)
  await client.closed
  expect(told).toEqual(['opened', 'error request-timeout'])
})
