import { expect, test } from 'vitest'
import { LoginFailures } from '../../../../src/protocols/sasl/failures.ts'

test('of more than 10,000 addresses the one that has not failed for the longest time is forgotten', () => {
  const failures = new LoginFailures()
  const fail = (address: string, times: number) => {
    for (let at = 0; at < times; at++) failures.failed(`${address}-${at}`)
  }
  failures.failed('guesser')
  fail('first', 9999)
  expect(failures.failed('guesser')).toBe(2)
  fail('second', 9999)
  expect(failures.failed('guesser')).toBe(3)
  fail('third', 10_000)
  expect(failures.failed('guesser')).toBe(1)
})
