/**
 * A defect stays with the request that met it.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { found } from '../../../src/core/result.ts'
import { socketmap } from '../../../src/protocols/socketmap/server.ts'
import { answer, encode, type Service } from '../../../src/server/answer.ts'
import { FairShare } from '../../../src/server/fair-share.ts'
import { silentListenerObserver } from '../../../src/server/observer.ts'
import { LateReplies } from '../../../src/server/reply-batch.ts'
import { Session } from '../../../src/server/session.ts'

/** A service whose protocol breaks where the test says, and what it told its observer. */
function broken(changes: Partial<Service['protocol']>): { service: Service; defects: string[] } {
  const defects: string[] = []
  const service: Service = {
    protocol: { ...socketmap, ...changes },
    lookup: { lookup: () => found('x') },
    table: '',
    tables: undefined,
    clock: systemClock,
    observer: { ...silentListenerObserver, defect: (error) => defects.push(String(error)) },
    share: new FairShare(),
    late: new LateReplies(),
  }
  return { service, defects }
}

const FRAME = { kind: 'frame', payload: Buffer.from('t a') } as const

test('a parser that throws costs its request a temporary answer', () => {
  const { service, defects } = broken({
    parseRequest: () => {
      throw new Error('parser')
    },
  })
  expect(answer(service, FRAME)).toBe(
    socketmap.encodeReply({
      kind: 'temporary',
      cause: 'defect',
      reason: 'internal error: see the log of mapgate',
    }),
  )
  expect(defects).toEqual(['Error: parser'])
})

test('an encoder that throws costs its request a temporary answer, also of a lookup that was waited for', () => {
  const { service, defects } = broken({
    encodeReply: (result) => {
      if (result.kind === 'found') throw new Error('encoder')
      return socketmap.encodeReply(result)
    },
  })
  for (const reply of [answer(service, FRAME), encode(service, found('x'))])
    expect(reply).toMatch(/^\d+:TEMP internal error/)
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

test('a connection that breaks when its late reply is written takes no other one with it', async () => {
  const late = new LateReplies()
  const { service: bad, defects } = broken({
    encodeReply: () => {
      throw new Error('encoder')
    },
  })
  const { service: good } = broken({})
  const clients: Socket[] = []
  for (const service of [bad, good]) {
    const { server, client } = await socketPair()
    const lookup = { lookup: () => Promise.resolve(found('x')) }
    new Session(server, '127.0.0.1', { ...service, lookup, late }, () => 1)
    clients.push(client)
  }
  const [broke, answered] = clients as [Socket, Socket]
  const closed = once(broke, 'close')
  const reply = once(answered, 'data')
  for (const client of clients) client.write('3:t a,')
  expect(String((await reply)[0])).toBe('4:OK x,')
  await closed
  expect(defects).toEqual(['Error: encoder', 'Error: encoder'])
})
