/**
 * Requests that a proxymap listener passes on to another server: what becomes of odd replies, of hostile ones, and of
 * hostile clients. Beside each of them another client has its own tables answered.
 */
import { rename } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ReplyMessages } from '../../../src/protocols/proxymap/client.ts'
import { proxymap } from '../../../src/protocols/proxymap/protocol.ts'
import {
  settingsFor,
  type Talker,
  talkTo,
  testDirectory,
  testListener,
  until,
} from '../../support/wire/sockets.ts'
import { tinyLookup } from '../../support/wire/tiny-lookup.ts'
import { TinyStore } from '../../support/wire/tiny-store.ts'

/** Bytes of a reply after which no more is read of it, and what the sockets and buffers between may hold. */
const MOST_READ_BYTES = 16_777_216 + 1_048_576

const nul = (text: string) => text.replaceAll('|', '\0')
const lookup = (table: string, key = 'root') => nul(`request|lookup|table|${table}|flags|0|key|${key}||`)
const FOREIGN = lookup('unix:passwd.byname')
const RETRY = nul('status|2|value|||')

/** A server of others: what it got, and what it does about each request. */
async function startForeign(answer: (socket: Socket, request: string) => void) {
  const path = join(testDirectory(), 'foreign')
  const requests: string[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {}) // shows as closed
    // As Postfix 3.6 and newer: the server speaks first.
    socket.write(nul('protocol|proxymap_protocol||'))
    socket.setEncoding('latin1').on('data', (text: string) => {
      requests.push(text.replaceAll('\0', '|'))
      answer(socket, text)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { path, requests, sockets }
}

async function start(answer: (socket: Socket, request: string) => void = () => {}) {
  const foreign = await startForeign(answer)
  const pass = {
    address: { kind: 'unix', path: foreign.path },
    createDecoder: () => new ReplyMessages(),
  } as const
  const own = { ...proxymap.example, greeting: 'never', write: ['verify'], pass } as const
  const { listener, clock, told } = await testListener(
    settingsFor(proxymap, own),
    tinyLookup,
    new TinyStore(),
  )
  const client = await talkTo(listener.bound)
  const other = await talkTo(listener.bound)
  const othersGoOn = async () => {
    other.send(lookup('mapgate:aliases', 'bob'))
    await other.expect(nul('status|0|value|aliases=bob||'))
  }
  return { foreign, listener, clock, told, client, othersGoOn }
}

async function ask(client: Talker, request: string, reply: string): Promise<void> {
  client.send(nul(`request|${request}||`))
  await client.expect(nul(reply))
}

test('every status of the other server comes back as it is, and ours between', async () => {
  const { client, foreign } = await start((socket, request) => {
    const status = /\0key\0(\d)/.exec(request)?.[1] ?? ''
    socket.write(nul(`status|${status}|value|${status === '0' ? 'theirs' : ''}||`))
  })
  for (const status of ['0', '1', '2', '3', '4', '5']) {
    await ask(
      client,
      `lookup|table|btree:/x|flags|0|key|${status}`,
      `status|${status}|value|${status === '0' ? 'theirs' : ''}||`,
    )
    await ask(client, 'lookup|table|mapgate:aliases|flags|0|key|bob', 'status|0|value|aliases=bob||')
    await ask(client, `update|table|mapgate:verify|flags|0|key|a|value|${status}`, 'status|0||')
    await ask(client, 'sequence|table|mapgate:verify|flags|0|function|0', `status|0|key|a|value|${status}||`)
  }
  await ask(client, 'update|table|mapgate:aliases|flags|0|key|a|value|b', 'status|5||')
  expect(foreign.requests).toHaveLength(6)
  expect(foreign.sockets).toHaveLength(1)
})

test('a reply of 2 MB comes back whole', async () => {
  const value = 'v'.repeat(2_000_000)
  const { client } = await start((socket) => socket.write(nul(`status|0|value|${value}||`)))
  client.send(FOREIGN)
  await client.expect(nul(`status|0|value|${value}||`))
})

test('a reply without an end is read so far and no further, and its connection closed', async () => {
  const { client, foreign, othersGoOn } = await start((socket) => {
    socket.write(nul('status|0|value|'))
    const pour = () => socket.destroyed || socket.write('n'.repeat(65_536), pour)
    pour()
  })
  client.send(FOREIGN)
  await othersGoOn()
  await client.expect(RETRY)
  await until(() => foreign.sockets.every(({ destroyed }) => destroyed))
  const written = foreign.sockets.map(({ bytesWritten }) => bytesWritten)
  expect(written.map((bytes) => bytes > 16_777_216 && bytes < MOST_READ_BYTES)).toEqual([true])
  await othersGoOn()
})

test('a reply that stops in the middle is waited for 90 s, and then both sides go on without it', async () => {
  const { client, clock, foreign, othersGoOn } = await start((socket) =>
    socket.write(nul('status|0|value|half')),
  )
  client.send(FOREIGN)
  await until(() => foreign.requests.length === 1)
  clock.advance(89_999)
  await othersGoOn()
  expect(client.received).toBe('')
  clock.advance(1)
  await client.expect(RETRY)
  await until(() => foreign.sockets.every(({ destroyed }) => destroyed))
  client.send(FOREIGN)
  await until(() => foreign.requests.length === 2)
  expect(foreign.sockets).toHaveLength(2)
})

test('a client that is gone meanwhile takes its connection to the other server with it', async () => {
  const { client, foreign, othersGoOn } = await start()
  client.send(FOREIGN)
  await until(() => foreign.requests.length === 1)
  client.socket.resetAndDestroy()
  await until(() => foreign.sockets.every(({ destroyed }) => destroyed))
  await othersGoOn()
})

test('a client that has ended its side may still wait, so both connections last until the reply, or 90 s', async () => {
  const { client, clock, foreign, othersGoOn } = await start()
  client.send(FOREIGN)
  client.socket.end()
  await until(() => foreign.requests.length === 1)
  await othersGoOn()
  expect(foreign.sockets.map(({ destroyed }) => destroyed)).toEqual([false])
  clock.advance(90_000)
  expect(await client.closed).toBe('ended')
  expect(client.received).toBe(RETRY)
  await until(() => foreign.sockets.every(({ destroyed }) => destroyed))
})

test('two replies to one request: the first counts, and the next request has a connection of its own', async () => {
  const { client, foreign } = await start((socket) =>
    socket.write(nul('status|0|value|one||status|0|value|two||')),
  )
  for (let n = 1; n <= 2; n++) {
    client.send(FOREIGN)
    await client.expect(nul('status|0|value|one||'))
    expect(foreign.sockets).toHaveLength(n)
  }
})

test('why it cannot be asked is told for each request, and is trouble until a request is answered', async () => {
  const { client, foreign, listener, told } = await start((socket) => socket.write(nul('status|1|value|||')))
  const { path } = foreign
  await rename(path, `${path}.away`)
  const failure = `requests for the tables of others fail at unix:${path}: there is no such socket (ENOENT); check the path, and whether Postfix has been started`
  for (const request of [FOREIGN, nul('request|open|table|unix:passwd.byname|flags|64||')]) {
    client.send(request)
    await client.expect(request === FOREIGN ? RETRY : nul('status|2|flags|0||'))
    expect(listener.troubles()).toEqual([failure])
  }
  expect(told.filter((line) => line.startsWith('pass'))).toEqual(
    Array(2).fill(`pass failed connect: ${failure}`),
  )
  await rename(`${path}.away`, path)
  client.send(FOREIGN)
  await client.expect(nul('status|1|value|||'))
  expect(listener.troubles()).toEqual([])
})

test('trouble is over after ten minutes in which nobody asks', async () => {
  const { client, clock, foreign, listener } = await start()
  await rename(foreign.path, `${foreign.path}.away`)
  client.send(FOREIGN)
  await client.expect(RETRY)
  clock.advance(599_999)
  expect(listener.troubles()).toHaveLength(1)
  clock.advance(1)
  expect(listener.troubles()).toEqual([])
})

test('two listeners that pass on to each other end at 500 connections each, and both go on', async () => {
  const path = testDirectory()
  const open = async (name: string, other: string) => {
    const pass = {
      address: { kind: 'unix', path: `${path}/${other}` },
      createDecoder: () => new ReplyMessages(),
    } as const
    const address = { kind: 'unix', path: `${path}/${name}` } as const
    const own = { ...proxymap.example, greeting: 'never', pass } as const
    return testListener(settingsFor(proxymap, own, { address }))
  }
  const [one, two] = [await open('one', 'two'), await open('two', 'one')]
  const client = await talkTo(one.listener.bound)
  client.send(FOREIGN)
  await client.expect(RETRY)
  expect([one, two].map(({ listener }) => listener.status().connections)).toEqual([501, 500])
  const failures = [...one.told, ...two.told].filter((line) => line.startsWith('pass'))
  expect(failures).toEqual([
    `pass failed overload: requests for the tables of others fail at unix:${path}/two: too many requests for the tables of another server at once; see if two servers pass on to each other`,
  ])
  client.send(lookup('mapgate:aliases', 'bob'))
  await client.expect(nul('status|0|value|aliases=bob||'))
})

test('a connection to the other server that idles gives way to a new one', async () => {
  const { client, foreign, listener } = await start((socket) => socket.write(nul('status|1|value|||')))
  for (let n = 0; n < 500; n++) {
    const other = n === 0 ? client : await talkTo(listener.bound)
    other.send(FOREIGN)
    await other.expect(nul('status|1|value|||'))
  }
  const last = await talkTo(listener.bound)
  last.send(FOREIGN)
  await last.expect(nul('status|1|value|||'))
  await until(() => foreign.sockets.filter(({ destroyed }) => destroyed).length === 1)
  expect(foreign.sockets.findIndex(({ destroyed }) => destroyed)).toBe(0)
  client.send(FOREIGN)
  await client.expect(nul('status|1|value|||'))
})

test('a server that closes in the place of a reply is asked twice, and the client told to try again', async () => {
  const { client, foreign, othersGoOn } = await start((socket) => socket.destroy())
  client.send(FOREIGN)
  await client.expect(RETRY)
  expect(foreign.requests).toHaveLength(2)
  await othersGoOn()
})

test('a request of 2 MB is refused here and never passed on, and the next one is', async () => {
  const { client, foreign, told } = await start((socket) => socket.write(nul('status|1|value|||')))
  client.send(nul(`request|update|table|btree:/x|flags|0|key|a|value|${'v'.repeat(2_000_000)}||`))
  await client.expect(nul('status|2||'))
  client.send(FOREIGN)
  await client.expect(nul('status|1|value|||'))
  expect(foreign.requests).toEqual([FOREIGN.replaceAll('\0', '|')])
  expect(told.filter((line) => line.startsWith('error'))).toEqual(['error request-limit'])
})

for (const [sentence, begin] of [
  ['a name that does not end', 'n'.repeat(4_000_000)],
  ['a request whose end does not come', nul('request|lookup|table|btree:/x|flags|0|key|a|')],
] as const)
  test(`${sentence} is not passed on, and closed after 30 s`, async () => {
    const { client, clock, foreign, othersGoOn, told } = await start()
    await othersGoOn()
    client.send(begin)
    await until(() => client.socket.writableLength === 0)
    // Until the listener has read all of it.
    await othersGoOn()
    clock.advance(30_000)
    await client.closed
    await othersGoOn()
    expect(told).toContain('error request-timeout')
    expect(foreign.sockets).toHaveLength(0)
  })
