/**
 * A defect stays with the request that met it.
 */
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { found } from '../../../src/core/result.ts'
import { FairShare } from '../../../src/net/fair-share.ts'
import { LateReplies } from '../../../src/net/late-replies.ts'
import { silentListenerObserver } from '../../../src/net/listener-observer.ts'
import { answer, encode, type Service } from '../../../src/net/service.ts'
import { socketmap } from '../../../src/protocols/socketmap/server.ts'

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
