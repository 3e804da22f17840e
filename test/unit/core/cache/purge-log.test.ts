import { describe, expect, test } from 'vitest'
import { PurgeLog, type PurgeScope } from '../../../../src/core/cache/purge-log.ts'

const key = (of: string): PurgeScope => ({ kind: 'key', key: of })

describe('PurgeLog', () => {
  test('an answer that was asked for before any of several purges of its key does not come back', () => {
    for (const scopes of [
      [key('a'), key('b'), key('b')],
      [key('b'), key('a'), key('b')],
      [key('b'), key('b'), key('a')],
    ]) {
      const log = new PurgeLog()
      for (const scope of scopes) log.add(scope)
      expect([log.purgedSince(0, 'a'), log.purgedSince(0, 'c')]).toEqual([true, false])
    }
  })

  test('a purge before the question does not concern it', () => {
    const log = new PurgeLog()
    log.add(key('a'))
    log.add(key('b'))
    expect([log.purgedSince(0, 'a'), log.purgedSince(1, 'a'), log.purgedSince(2, 'b')]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('a question older than the 1,000 purges that are remembered counts as purged', () => {
    const log = new PurgeLog()
    for (let count = 0; count < 1000; count++) log.add(key('b'))
    expect(log.purgedSince(0, 'a')).toBe(false)
    log.add(key('b'))
    expect([log.purgedSince(0, 'a'), log.purgedSince(1, 'a')]).toEqual([true, false])
  })

  const domains: [key: string, isPurged: boolean][] = [
    ['info@A.Example', true],
    ['@a.example', true],
    ['a.example', true],
    ['a@b@a.example', true],
    ['info@sub.a.example', false],
    ['a.example@b.example', false],
  ]
  for (const [of, isPurged] of domains) {
    test(`a purge of the domain a.EXAMPLE ${isPurged ? 'takes' : 'leaves'} ${of}`, () => {
      const log = new PurgeLog()
      log.add({ kind: 'domain', domain: 'a.EXAMPLE' })
      expect(log.purgedSince(0, of)).toBe(isPurged)
    })
  }

  test('a purge of a domain takes its other spellings, too', () => {
    for (const domain of ['bücher.example', 'XN--BCHER-KVA.example.']) {
      const log = new PurgeLog()
      log.add({ kind: 'domain', domain })
      const keys = ['a@bücher.example', 'a@xn--bcher-kva.example', 'a@BÜCHER.example.', 'a@buecher.example']
      expect(keys.map((of) => log.purgedSince(0, of))).toEqual([true, true, true, false])
    }
  })
})
