/**
 * A defect stays with the request that met it.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import type { Lookup } from '../../../src/core/lookup.ts'
import { silentListenerObserver } from '../../../src/core/observed/observer.ts'
import { found, type LookupResult } from '../../../src/core/result.ts'
import { readOnlyStore } from '../../../src/core/store/store.ts'
import type { Conversation, Protocol } from '../../../src/protocols/protocol.ts'
import { SocketmapConversation } from '../../../src/protocols/socketmap/conversation.ts'
import { socketmap } from '../../../src/protocols/socketmap/protocol.ts'
import { answer, encode } from '../../../src/server/answer.ts'
import { ListenerContext } from '../../../src/server/context.ts'
import { Session } from '../../../src/server/session.ts'
import { settingsFor } from '../../support/wire/sockets.ts'

/** A listener's context whose conversations break where the test says, and what it told its observer. */
function broken(changes: Partial<Conversation>, lookup: Lookup = { lookup: () => found('x') }) {
  const defects: string[] = []
  const protocol: Protocol = {
    ...socketmap,
    accept: () => Object.assign(new SocketmapConversation(), changes),
  }
  const context = new ListenerContext(settingsFor(protocol, { tables: undefined, client: 'postfix' }), {
    lookup,
    store: readOnlyStore,
    clock: systemClock,
    random: Math.random,
    observer: { ...silentListenerObserver, defect: (error) => defects.push(String(error)) },
  })
  return { context, conversation: protocol.accept(context), defects }
}

const ASK = { kind: 'ask', protocol: 'socketmap', table: 't', key: Buffer.from('a') } as const

test('an encoder that throws costs its request a temporary answer, also of a lookup that was waited for', () => {
  const { reply } = SocketmapConversation.prototype
  const { context, conversation, defects } = broken({
    reply: (result) => {
      if (result.kind === 'found') throw new Error('encoder')
      return reply.call(new SocketmapConversation(), result as LookupResult)
    },
  })
  for (const text of [answer(context, conversation, ASK), encode(context, conversation, found('x'))])
    expect(text).toMatch(/^\d+:TEMP internal error/)
  expect(defects).toEqual(['Error: encoder', 'Error: encoder'])
})

/** Both ends of a connection. */
async function socketPair(): Promise<{ server: Socket; client: Socket }> {
  const listener = createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [server] = (await once(listener, 'connection')) as [Socket]
  onTestFinished(() => {
    client.destroy()
    server.destroy()
    listener.close()
  })
  return { server, client }
}

test('a parser that throws costs its request a temporary answer, and its connection the rest', async () => {
  const { context, defects } = broken({
    next: () => {
      throw new Error('parser')
    },
  })
  const { server, client } = await socketPair()
  new Session(server, '127.0.0.1', context, () => 1)
  client.write('3:t a,')
  const [reply] = await once(client, 'data')
  expect(String(reply)).toBe('43:TEMP internal error: see the log of mapgate,')
  await once(client, 'end')
  expect(defects).toEqual(['Error: parser'])
})

test('a connection that breaks when its late reply is written takes no other one with it', async () => {
  const late: Lookup = { lookup: () => Promise.resolve(found('x')) }
  const bad = broken(
    {
      reply: () => {
        throw new Error('encoder')
      },
    },
    late,
  )
  const good = broken({}, late)
  Object.assign(good.context, { batch: bad.context.batch })
  const clients: Socket[] = []
  for (const { context } of [bad, good]) {
    const { server, client } = await socketPair()
    new Session(server, '127.0.0.1', context, () => 1)
    clients.push(client)
  }
  const [broke, answered] = clients as [Socket, Socket]
  const closed = once(broke, 'close')
  const reply = once(answered, 'data')
  for (const client of clients) client.write('3:t a,')
  expect(String((await reply)[0])).toBe('4:OK x,')
  await closed
  expect(bad.defects).toEqual(['Error: encoder', 'Error: encoder'])
})
