import { describe, expect, test } from 'vitest'
import { EventParser } from '../../../../src/admin/page/event-parser.ts'
import { retryDelayMs } from '../../../../src/admin/page/live.ts'
import { type LookupEvent, Model } from '../../../../src/admin/page/model.ts'
import { TokenStore } from '../../../../src/admin/page/token-store.ts'
import { point } from '../../presentation/points.ts'

describe('EventParser', () => {
  const cases: [name: string, stream: string, expected: string[]][] = [
    ['reads an event', 'event: lookup\ndata: {"a":1}\n\n', ['lookup {"a":1}']],
    ['skips comments', ': still here\n\nevent: x\ndata: 1\n\n', ['x 1']],
    ['waits for the empty line', 'event: x\ndata: 1\n', []],
    ['joins lines of data', 'data: 1\ndata: 2\n\n', ['message 1\n2']],
    ['drops an event without data', 'event: x\n\n', []],
    ['keeps colons and all but one space', 'event: x\ndata:  a: b\n\n', ['x  a: b']],
  ]
  for (const [name, stream, expected] of cases) {
    test(`${name}, wherever the text is cut`, () => {
      for (let at = 0; at <= stream.length; at++) {
        const parser = new EventParser()
        const events = [...parser.push(stream.slice(0, at)), ...parser.push(stream.slice(at))]
        expect(events.map(({ event, data }) => `${event} ${data}`)).toEqual(expected)
      }
    })
  }

  test('gives up on an event without an end', () => {
    const parser = new EventParser()
    expect(parser.push('x'.repeat(1_000_000))).toEqual([])
    expect(() => parser.push('x')).toThrow(RangeError)
  })
})

describe('retryDelayMs', () => {
  for (const [failures, random, expected] of [
    [1, 0, 500],
    [1, 1, 1000],
    [3, 0, 2000],
    [5, 1, 16_000],
    [6, 1, 20_000],
    [2000, 1, 20_000],
  ] as const) {
    test(`after ${failures} failures with the dice at ${random}: ${expected} ms`, () => {
      expect(retryDelayMs(failures, random)).toBe(expected)
    })
  }
})

describe('Model', () => {
  const lookup = (atMs: number): LookupEvent => ({
    type: 'lookup',
    atMs,
    protocol: 'socketmap',
    table: 't',
    result: 'found',
    source: 'cache',
    durationMs: 1,
  })

  test('keeps ten minutes of points, and none twice', () => {
    const model = new Model()
    for (let n = 1; n <= 301; n++) model.apply({ type: 'history', point: point(n) })
    model.apply({ type: 'history', point: point(301) })
    expect([model.points.length, model.points[0]?.atMs]).toEqual([300, 2])
  })

  test('keeps the latest 40 lookups, the latest first', () => {
    const model = new Model()
    for (let n = 1; n <= 41; n++) model.apply(lookup(n))
    expect([model.lookups.length, model.lookups[0]?.atMs]).toEqual([40, 41])
  })

  test('moves a problem that comes again to the top instead of showing it twice', () => {
    const model = new Model()
    const problem = { kind: 'lookup', where: 't', text: 'a', firstAtMs: 1, lastAtMs: 1, count: 1 } as const
    model.apply({ type: 'problem', problem })
    model.apply({ type: 'problem', problem: { ...problem, text: 'b' } })
    model.apply({ type: 'problem', problem: { ...problem, count: 2 } })
    expect(model.problems.map(({ text, count }) => `${text} ${count}`)).toEqual(['a 2', 'b 1'])
  })

  test('counts events that were lost', () => {
    const model = new Model()
    model.apply({ type: 'lost', count: 3 })
    model.apply({ type: 'lost', count: 4 })
    expect(model.lost).toBe(7)
  })

  test('tells after which events the status is not what it was', () => {
    const model = new Model()
    expect([
      model.apply({ type: 'circuit', atMs: 1, upstream: 'u', endpoint: 'e', state: 'open' }),
      model.apply({ type: 'history', point: point(1) }),
      model.apply(lookup(1)),
    ]).toEqual([true, true, false])
  })
})

describe('TokenStore', () => {
  test('keeps one token until it is forgotten', () => {
    const map = new Map<string, string>()
    const store = new TokenStore({
      getItem: (name) => map.get(name) ?? null,
      setItem: (name, value) => void map.set(name, value),
      removeItem: (name) => void map.delete(name),
    })
    expect(store.token).toBeUndefined()
    store.token = 'a'
    expect([store.token, map.size]).toEqual(['a', 1])
    store.token = undefined
    expect([store.token, map.size]).toEqual([undefined, 0])
  })
})
