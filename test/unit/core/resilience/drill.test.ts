import { describe, expect, test } from 'vitest'
import { DrilledBatchEndpoint, DrilledEndpoint } from '../../../../src/core/resilience/drill.ts'
import { found } from '../../../../src/core/result.ts'
import type { BatchEndpoint, Reply } from '../../../../src/core/upstream.ts'

const REPLY: Reply = { result: found('1'), evidence: 'good', retry: 'none' }
const DEAD = {
  result: {
    kind: 'temporary',
    cause: 'connect',
    reason: 'a drill treats the service as dead; see mapgate status',
  },
  evidence: 'endpoint',
  retry: 'not-sent',
}
const OPTIONS = { timeoutMs: 1000 }

function setUp() {
  const asked: (string | readonly string[])[] = []
  const inner: BatchEndpoint = {
    name: '0 dir.example',
    maxKeys: 7,
    send: async (key) => {
      asked.push(key)
      return REPLY
    },
    sendMany: async (keys) => {
      asked.push(keys)
      return { replies: new Map(keys.map((key) => [key, REPLY])), overall: REPLY }
    },
  }
  return { asked, inner, drill: { endsAtMs: undefined as number | undefined } }
}

describe('an endpoint in a drill', () => {
  test('is asked until the drill begins and when it is over, and not meanwhile', async () => {
    const { asked, inner, drill } = setUp()
    const endpoint = new DrilledEndpoint(inner, drill)
    expect(endpoint.name).toBe('0 dir.example')
    expect(await endpoint.send('a', OPTIONS)).toBe(REPLY)
    drill.endsAtMs = 1
    expect(await endpoint.send('b', OPTIONS)).toEqual(DEAD)
    drill.endsAtMs = undefined
    expect(await endpoint.send('c', OPTIONS)).toBe(REPLY)
    expect(asked).toEqual(['a', 'c'])
  })

  test('sends no batch either: every key of it fails', async () => {
    const { asked, inner, drill } = setUp()
    const endpoint = new DrilledBatchEndpoint(inner, drill)
    expect(endpoint.maxKeys).toBe(7)
    expect((await endpoint.sendMany(['a', 'b'], OPTIONS)).overall).toBe(REPLY)
    drill.endsAtMs = 1
    const { replies, overall } = await endpoint.sendMany(['c', 'd'], OPTIONS)
    expect(overall).toEqual(DEAD)
    expect([...replies]).toEqual([
      ['c', DEAD],
      ['d', DEAD],
    ])
    expect(await endpoint.send('e', OPTIONS)).toEqual(DEAD)
    expect(asked).toEqual([['a', 'b']])
  })
})
