import { describe, expect, expectTypeOf, test } from 'vitest'
import type { EventWriter } from '../../../src/observability/event-writer.ts'
import { Problems } from '../../../src/observability/problems.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

function problems(clock = new ManualClock()): Problems {
  return new Problems(clock, (text) => text.replaceAll('s3cret', '***'))
}

describe('Problems', () => {
  test('counts the same problem up and keeps when it began', () => {
    const clock = new ManualClock(0, 5000)
    const list = problems(clock)
    list.add('shed', 'directory', 'too many')
    clock.advance(1000)
    list.add('shed', 'directory', 'too many')
    expect(list.list()).toEqual([
      { kind: 'shed', where: 'directory', text: 'too many', firstAtMs: 5000, lastAtMs: 6000, count: 2 },
    ])
  })

  test('shows the latest first, also when it happened before', () => {
    const list = problems()
    list.add('shed', 'a', 'x')
    list.add('shed', 'b', 'x')
    list.add('shed', 'a', 'x')
    expect(list.list().map(({ where }) => where)).toEqual(['a', 'b'])
  })

  test('is the same problem with another number in it, and shows the latest', () => {
    const list = problems()
    for (let n = 1; n <= 150; n++) list.add('lookup', 'aliases', `not asked in the pause of ${n}.5 s`)
    list.add('lookup', 'aliases', 'the service is silent')
    expect(list.list().map(({ text, count }) => [text, count])).toEqual([
      ['the service is silent', 1],
      ['not asked in the pause of 150.5 s', 150],
    ])
  })

  test('hides secrets', () => {
    expect(problems().add('reload', '', 'bad s3cret').text).toBe('bad ***')
  })

  for (const [added, oldest] of [
    [100, 'w0'],
    [101, 'w1'],
  ] as const) {
    test(`after ${added} problems the oldest kept is ${oldest}`, () => {
      const list = problems()
      for (let n = 0; n < added; n++) list.add('lookup', `w${n}`, 'x')
      expect(list.list().at(-1)?.where).toBe(oldest)
    })
  }

  for (const [length, kept] of [
    [500, 500],
    [501, 500],
  ] as const) {
    test(`keeps ${kept} of ${length} characters`, () => {
      expect(problems().add('lookup', '', 'x'.repeat(length)).text).toHaveLength(kept)
    })
  }
})

test('a misspelt kind of problem does not compile', () => {
  type Kind = Parameters<EventWriter['problem']>[0]
  expectTypeOf<'circuit'>().toExtend<Kind>()
  expectTypeOf<'circiut'>().not.toExtend<Kind>()
})
