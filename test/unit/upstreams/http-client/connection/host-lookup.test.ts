import dns from 'node:dns'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { lookupHost } from '../../../../../src/upstreams/http-client/connection/host-lookup.ts'

type Callback = (error: NodeJS.ErrnoException | null, address: string, family?: number) => void

describe('lookupHost', () => {
  afterEach(() => void vi.restoreAllMocks())

  /** A name server that answers when the test says so. */
  function scripted(): { asked: [host: string, family: unknown][]; answers: Callback[] } {
    const asked: [string, unknown][] = []
    const answers: Callback[] = []
    const lookup = (host: string, options: { family?: unknown }, callback: Callback) => {
      asked.push([host, options.family])
      answers.push(callback)
    }
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup)
    return { asked, answers }
  }

  test('resolves a name once for all who ask meanwhile, and anew for who asks later', () => {
    const { asked, answers } = scripted()
    const told: unknown[] = []
    const ask = () => lookupHost('dir1.example', { family: 4 }, (...all) => told.push(all))
    for (let at = 0; at < 64; at++) ask()
    expect(asked).toHaveLength(1)
    answers[0]?.(null, '192.0.2.1', 4)
    expect(told).toEqual(Array(64).fill([null, '192.0.2.1', 4]))
    ask()
    expect(asked).toHaveLength(2)
  })

  test('tells every one who asked of a failure', () => {
    const { answers } = scripted()
    const told: unknown[] = []
    for (let at = 0; at < 2; at++) lookupHost('gone.example', {}, (error) => told.push(error?.message))
    answers[0]?.(new Error('ENOTFOUND'), '')
    expect(told).toEqual(['ENOTFOUND', 'ENOTFOUND'])
  })

  test('keeps different names and different options apart', () => {
    const { asked, answers } = scripted()
    const nothing = () => {}
    lookupHost('a.example', { family: 4 }, nothing)
    lookupHost('a.example', { family: 6 }, nothing)
    lookupHost('b.example', { family: 4 }, nothing)
    expect(asked).toEqual([
      ['a.example', 4],
      ['a.example', 6],
      ['b.example', 4],
    ])
    for (const answer of answers) answer(null, '192.0.2.1', 4)
  })
})
