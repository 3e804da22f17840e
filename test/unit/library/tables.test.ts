import { describe, expect, test, vi } from 'vitest'
import { found, notFound, permanent, temporary } from '../../../src/core/result.ts'
import { lookupIn, type TableOptions } from '../../../src/library/tables.ts'
import type { TableFunction } from '../../../src/upstreams/function/function-upstream.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

/** Asks one function the key `Key@A.example`. */
function ask(table: TableFunction, options: TableOptions = {}, key = Buffer.from('Key@A.example')) {
  const clock = new ManualClock()
  const lookup = lookupIn(new Map([['t', table]]), options, clock)
  return { result: lookup.lookup({ protocol: 'socketmap', table: 't', key }), clock }
}

/** One function asked again and again: every answer, and the keys of its calls. */
function serve(table: TableFunction, options: TableOptions) {
  const clock = new ManualClock()
  const calls: string[] = []
  const counted: TableFunction = (key) => {
    calls.push(key)
    return table(key)
  }
  const lookup = lookupIn(new Map([['t', counted]]), options, clock)
  const lookUp = (key: string) => lookup.lookup({ protocol: 'socketmap', table: 't', key: Buffer.from(key) })
  return { lookUp, calls, clock }
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
    await clock.advanceAsync(29_999)
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
    const lookup = lookupIn(new Map(), {}, new ManualClock())
    const query = { protocol: 'socketmap', table: 'nosuch', key: Buffer.from('a') } as const
    expect(lookup.lookup(query)).toMatchObject({ kind: 'permanent', cause: 'no-table' })
  })
})

describe('search', () => {
  const all: TableFunction = (key) => (key === '@a.example' ? 'catchall' : undefined)

  test('is for the key alone by default', () => {
    const { lookUp, calls } = serve(all, { recipientDelimiter: '+' })
    expect(lookUp('user+ext@a.example')).toEqual(notFound())
    expect(calls).toEqual(['user+ext@a.example'])
  })

  test('goes through the keys that Postfix would try, in its order, and ends at the first found', () => {
    const options = { search: 'address', recipientDelimiter: '+', localDomains: ['A.example'] } as const
    const { lookUp, calls } = serve(all, options)
    expect(lookUp('User+Ext@a.example')).toEqual(found('catchall'))
    expect(calls).toEqual(['user+ext@a.example', 'user@a.example', 'user+ext', 'user', '@a.example'])
  })

  test('ends where the function does not know', () => {
    const { lookUp, calls } = serve(() => temporary('service', 'later'), { search: 'address' })
    expect(lookUp('user@a.example')).toEqual(temporary('service', 'later'))
    expect(calls).toEqual(['user@a.example'])
  })
})

describe('cache', () => {
  test('is none by default: the function is called for each lookup', () => {
    const { lookUp, calls } = serve(() => 'x', {})
    expect([lookUp('a'), lookUp('a'), calls]).toEqual([found('x'), found('x'), ['a', 'a']])
  })

  test('keeps a found answer for its time, and "not found" for none', () => {
    const { lookUp, calls, clock } = serve((key) => (key === 'a' ? 'x' : undefined), {
      cache: { ttlMs: 1000 },
    })
    lookUp('a')
    clock.advance(999)
    expect([lookUp('a'), calls]).toEqual([found('x'), ['a']])
    clock.advance(1)
    expect([lookUp('a'), calls]).toEqual([found('x'), ['a', 'a']])
    expect([lookUp('b'), lookUp('b'), calls]).toEqual([notFound(), notFound(), ['a', 'a', 'b', 'b']])
  })

  test('keeps "not found" where a time is set', () => {
    const { lookUp, calls, clock } = serve(() => undefined, { cache: { ttlMs: 1000, negativeTtlMs: 500 } })
    lookUp('a')
    clock.advance(499)
    expect([lookUp('a'), calls]).toEqual([notFound(), ['a']])
    clock.advance(1)
    expect([lookUp('a'), calls]).toEqual([notFound(), ['a', 'a']])
  })

  test('answers from a stale one when the function throws, and never stores what it throws', () => {
    let fails = false
    const table: TableFunction = () => {
      if (fails) throw new Error('down')
      return 'x'
    }
    const options = { cache: { ttlMs: 1000, staleIfErrorMs: 5000 }, onDefect: () => {} }
    const { lookUp, clock } = serve(table, options)
    lookUp('a')
    fails = true
    clock.advance(5999)
    expect(lookUp('a')).toEqual(found('x'))
    clock.advance(1)
    expect(lookUp('a')).toEqual(DEFECT)
  })

  test('lets equal lookups at the same moment share one call', async () => {
    const { lookUp, calls } = serve(async () => 'x', { cache: { ttlMs: 1000 } })
    expect(await Promise.all([lookUp('a'), lookUp('a')])).toEqual([found('x'), found('x')])
    expect(calls).toEqual(['a'])
  })

  test('holds as many answers as it may', () => {
    const { lookUp, calls } = serve((key) => key, { cache: { ttlMs: 1000, maxEntries: 1 } })
    for (const key of ['a', 'b', 'a']) lookUp(key)
    expect(calls).toEqual(['a', 'b', 'a'])
  })
})

describe('a set of delimiters', () => {
  test.each(['a', '+x', '@', ' ', '1', '+\u00a0'])('may not be %j', (recipientDelimiter) => {
    expect(() => lookupIn(new Map([['t', () => 'x']]), { recipientDelimiter }, new ManualClock())).toThrow(
      /^recipientDelimiter: .* must be signs such as "\+", without "@", blanks, letters and digits$/,
    )
  })

  test.each(['', '+', '+-', '-=_#'])('may be %j', (recipientDelimiter) => {
    expect(() =>
      lookupIn(new Map([['t', () => 'x']]), { recipientDelimiter }, new ManualClock()),
    ).not.toThrow()
  })
})
