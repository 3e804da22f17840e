/**
 * What is asked of a shadow and when, what is kept of it, and that nothing of it reaches an answer.
 */
import { expect, test } from 'vitest'
import { PendingRequest } from '../../../../src/core/cache/pending-request.ts'
import { shadowed } from '../../../../src/core/cache/shadowed-upstream.ts'
import { found, NOT_FOUND, type Sourced, temporary } from '../../../../src/core/result.ts'
import { ShadowRecord } from '../../../../src/core/shadow/shadow-record.ts'
import { type Answer, type Question, UNWATCHED } from '../../../../src/core/upstream.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'

const yes = (value: string): Answer => ({ result: found(value), storable: true, source: 'upstream' })
const NO: Answer = { result: NOT_FOUND, storable: true, source: 'upstream' }
const DOWN: Answer = { result: temporary('connect', 'refused'), storable: false, source: 'upstream' }
const BUSY: Answer = { result: temporary('overload', 'too many'), storable: false, source: 'shed' }

function setUp({ share = 1, random = () => 0 }: { share?: number; random?: () => number } = {}) {
  const clock = new ManualClock()
  const record = new ShadowRecord(clock)
  const asked: Question[] = []
  const defects: string[] = []
  let own: Sourced | Promise<Sourced> = Promise.resolve({ result: NOT_FOUND, source: 'upstream' })
  let answer: () => Answer | Promise<Answer> = () => NO
  const upstream = {
    name: 'second',
    health: UNWATCHED,
    needsNoRequest: () => false,
    trustsNegative: () => true,
    ask(question: Question) {
      asked.push(question)
      return answer()
    },
  }
  const source = shadowed(
    { ask: () => own },
    { upstream, share, timeoutMs: 5000, record },
    {
      clock,
      random,
      onDefect: (_error, where) => defects.push(where),
    },
  )
  return {
    clock,
    record,
    asked,
    defects,
    /** Asks once; what comes in later turns has come when it is over. */
    async ask(said: Sourced | Promise<Sourced>, shadow: () => Answer | Promise<Answer> = () => NO) {
      own = said
      answer = shadow
      const got = source.ask(
        new PendingRequest('aliases', 'ann', 'ann', 0, 5000, undefined, 0, undefined, true),
      )
      const before = asked.length
      const result = await got
      const atAnswer = asked.length
      await clock.advanceAsync(0)
      return { result, got, askedBeforeAnswer: atAnswer - before }
    },
  }
}

const says = (result: Sourced['result'], source = 'upstream'): Promise<Sourced> =>
  Promise.resolve({ result, source })

for (const [name, own, shadow, expected] of [
  ['the same value', found('a'), () => yes('a'), { same: 1 }],
  ['the same list in another order', found('a, b'), () => yes('b,a'), { same: 1 }],
  ['not found by both', NOT_FOUND, () => NO, { same: 1 }],
  ['another value', found('a'), () => yes('b'), { differs: 1 }],
  ['found by the table alone', found('a'), () => NO, { differs: 1 }],
  ['found by the shadow alone', NOT_FOUND, () => yes('b'), { differs: 1 }],
  ['a shadow that fails', found('a'), () => DOWN, { failed: 1 }],
  ['a shadow without a free slot', found('a'), () => BUSY, { busy: 1 }],
] as const)
  test(`counts ${name}`, async () => {
    const { ask, record, asked } = setUp()
    await ask(says(own), shadow)
    expect(record.counts).toEqual({ same: 0, differs: 0, failed: 0, busy: 0, ...expected })
    expect(asked).toHaveLength(1)
  })

test('the answer is the one of the layer below, before the shadow is asked', async () => {
  const { ask } = setUp()
  const own = says(found('a'))
  const { got, result, askedBeforeAnswer } = await ask(own, () => yes('b'))
  expect(got).toBe(own)
  expect(result).toEqual({ result: { kind: 'found', value: 'a' }, source: 'upstream' })
  expect(askedBeforeAnswer).toBe(0)
})

test('nobody waits for a shadow, so that it queues nowhere', async () => {
  const { ask, asked } = setUp()
  await ask(says(found('a')))
  expect(asked).toMatchObject([{ table: 'aliases', key: 'ann', hasWaiters: false, deadlineMs: 1_005_000 }])
  expect(asked[0]?.attributes).toBeUndefined()
  expect(asked[0]?.explanation).toBeUndefined()
})

for (const [name, own] of [
  ['failed', says(temporary('timeout', 'late'))],
  ['was refused', says({ kind: 'permanent', cause: 'refused', reason: 'no' })],
  ['was stored by another gateway', says(found('a'), 'shared')],
  ['fits into no request', says(NOT_FOUND, 'filtered')],
  ['was turned away at once', { result: temporary('overload', 'full'), source: 'shed' }],
] as const)
  test(`is not asked for a key that ${name}`, async () => {
    const { ask, asked, record } = setUp()
    await ask(own)
    expect(asked).toEqual([])
    expect(record.counts).toEqual({ same: 0, differs: 0, failed: 0, busy: 0 })
  })

test('is asked for its share, and for no more', async () => {
  const numbers = [0, 0.0999, 0.1, 0.5, 0.999]
  const { ask, asked } = setUp({ share: 0.1, random: () => numbers.shift() ?? 1 })
  for (let round = 0; round < 5; round++) await ask(says(NOT_FOUND))
  expect(asked).toHaveLength(2)
})

test('an exception of the shadow is a defect, and no answer', async () => {
  const { ask, record, defects } = setUp()
  const { result } = await ask(says(found('a')), () => {
    throw new TypeError('broken')
  })
  expect(result.result).toEqual({ kind: 'found', value: 'a' })
  expect(record.counts.failed).toBe(1)
  expect(defects).toEqual(['shadow second'])
})

test('the last fifty differences are kept, the latest first, and no long value whole', async () => {
  const { ask, record, clock } = setUp()
  for (let round = 0; round < 51; round++) {
    await ask(says(found(`own ${round}`)), () => yes('x'.repeat(4097)))
    clock.advance(1000)
  }
  expect(record.counts.differs).toBe(51)
  expect(record.differences).toHaveLength(50)
  expect(record.differences[0]).toMatchObject({ key: 'ann', own: { kind: 'found', value: 'own 50' } })
  expect(record.differences[49]).toMatchObject({ own: { kind: 'found', value: 'own 1' } })
  expect(record.differences[0]?.shadow).toEqual({ kind: 'found', value: `${'x'.repeat(4096)}…` })
})
