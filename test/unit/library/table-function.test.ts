import { describe, expect, test, vi } from 'vitest'
import { found, notFound, permanent, temporary } from '../../../src/core/result.ts'
import {
  DEFAULT_DEADLINE_MS,
  FunctionLookup,
  type TableFunction,
  type TableOptions,
} from '../../../src/library/table-function.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** Asks one function the key `Key@A.example`. */
function ask(table: TableFunction, options: TableOptions = {}, key = Buffer.from('Key@A.example')) {
  const clock = new ManualClock()
  const lookup = new FunctionLookup(new Map([['t', table]]), options, clock)
  return { result: lookup.lookup({ protocol: 'socketmap', table: 't', key }), clock }
}

const UNREADABLE = temporary('unreadable', "the table's answer has control characters in a value")
const DEFECT = temporary('defect', 'internal error of the table')

describe('what a table function returns', () => {
  const cases: [name: string, table: TableFunction, result: object][] = [
    ['a text is found', () => 'x', found('x')],
    ['a result is taken as it is', () => found('x'), found('x')],
    ['undefined is not found', () => undefined, notFound()],
    ['null is not found', () => null, notFound()],
    ['an empty text is not found', () => '', notFound()],
    ['an empty result is not found', () => found(''), notFound()],
    ['not found is not found', () => notFound(), notFound()],
    ['temporary is temporary', () => temporary('service', 'later'), temporary('service', 'later')],
    ['permanent is permanent', () => permanent('refused', 'never'), permanent('refused', 'never')],
    ['a text with a newline is temporary, never cut', () => 'a\nb', UNREADABLE],
    ['a result with a control character is temporary', () => found('a\0'), UNREADABLE],
    ['a text with a C1 control character is temporary', () => 'a\u0085', UNREADABLE],
    [
      'a text with a no-break space is temporary',
      () => 'a\u00a0b',
      temporary('unreadable', "the table's answer has the invisible character U+00A0 in a value"),
    ],
    [
      'a text of nothing but spaces is temporary',
      () => '  ',
      temporary('unreadable', "the table's answer has a value of nothing but spaces"),
    ],
    [
      'a reason made by hand is made printable',
      () => ({ kind: 'temporary', cause: 'service', reason: 'ü\n' }),
      temporary('service', '??'),
    ],
  ]
  for (const [name, table, result] of cases) {
    test(name, async () => {
      expect(ask(table).result).toEqual(result)
      expect(await ask(async (key) => table(key)).result).toEqual(result)
    })
  }

  test('what is no answer at all is a defect, not "not found"', async () => {
    const onDefect = vi.fn()
    for (const wrong of [42, true, {}, ['x']]) {
      // What a program without types may return.
      const table = (() => wrong) as unknown as TableFunction
      expect(ask(table, { onDefect }).result).toEqual(DEFECT)
      expect(await ask(async (key) => table(key), { onDefect }).result).toEqual(DEFECT)
    }
    expect(onDefect).toHaveBeenCalledTimes(8)
  })
})

describe('a table function', () => {
  test('that throws or rejects is answered as temporary and reported with its table', async () => {
    const error = new Error('a defect')
    const onDefect = vi.fn()
    const throws: TableFunction = () => {
      throw error
    }
    expect(ask(throws, { onDefect }).result).toEqual(DEFECT)
    expect(await ask(async () => throws(''), { onDefect }).result).toEqual(DEFECT)
    expect(onDefect.mock.calls).toEqual([
      [error, 't'],
      [error, 't'],
    ])
  })

  test('that throws is reported as a warning of the process when nobody else wants to know', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    for (const thrown of [new Error('a defect'), 'a text']) {
      ask(() => {
        throw thrown
      })
    }
    expect(warn.mock.calls.map(([warning]) => String(warning))).toEqual(['Error: a defect', 'a text'])
    warn.mockRestore()
  })

  test('gets the key in lower case, or as it came', () => {
    expect(ask((key) => key).result).toEqual(found('key@a.example'))
    expect(ask((key) => key, { foldCase: false }).result).toEqual(found('Key@A.example'))
  })

  test('is not called for a key that no table can hold', () => {
    const table = vi.fn(() => 'x')
    expect(ask(table, {}, Buffer.from([0xff])).result).toEqual(notFound())
    expect(ask(table, {}, Buffer.from('a\nb')).result).toEqual(notFound())
    expect(table).not.toHaveBeenCalled()
  })

  test('that takes longer than the deadline is answered in time, and its later answer is dropped', async () => {
    let finish: (value: string) => void = () => {}
    const { result, clock } = ask(() => new Promise<string>((resolve) => (finish = resolve)))
    const told = vi.fn()
    void Promise.resolve(result).then(told)
    await clock.advanceAsync(DEFAULT_DEADLINE_MS - 1)
    expect(told).not.toHaveBeenCalled()
    await clock.advanceAsync(1)
    expect(told).toHaveBeenCalledWith(temporary('timeout', 'no answer from the table in time'))
    finish('late')
    await clock.advanceAsync(0)
    expect([told.mock.calls.length, clock.timers]).toEqual([1, 0])
  })

  test('that answers in time leaves no timer', async () => {
    const { result, clock } = ask(async () => 'x', { deadlineMs: 10 })
    await result
    expect(clock.timers).toBe(0)
  })

  test('of another name is a permanent error', () => {
    const lookup = new FunctionLookup(new Map(), {}, new ManualClock())
    const query = { protocol: 'socketmap', table: 'nosuch', key: Buffer.from('a') } as const
    expect(lookup.lookup(query)).toEqual(permanent('no-table', 'no such table'))
  })
})
