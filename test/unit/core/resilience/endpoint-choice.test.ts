import { expect, test } from 'vitest'
import { pickEndpoint } from '../../../../src/core/resilience/endpoint-choice.ts'

interface Known {
  readonly tried?: readonly number[]
  readonly demoted?: readonly number[]
  readonly avoided?: readonly number[]
  readonly unavailable?: readonly number[]
}

/** Which of two endpoints is asked. */
function picked({ tried = [], demoted = [], avoided = [], unavailable = [] }: Known): number | undefined {
  const endpoints = [0, 1].map((index) => ({ isAvailable: () => !unavailable.includes(index) }))
  return pickEndpoint(
    { table: 'aliases', endpoints, avoided: new Set(avoided), isDemoted: (index) => demoted.includes(index) },
    tried,
    1000,
  )
}

const cases: [name: string, known: Known, expected: number | undefined][] = [
  ['the first, when all are equal', {}, 0],
  ['the first, when all were tried', { tried: [0, 1] }, 0],
  ['the first, when all are demoted', { demoted: [0, 1] }, 0],
  ['one not tried before one tried', { tried: [0] }, 1],
  ['one before a demoted one', { demoted: [0] }, 1],
  ['a demoted one before one tried', { tried: [0], demoted: [1] }, 1],
  ['a demoted one that stands first before one tried', { tried: [1], demoted: [0] }, 0],
  ['of those tried the one not demoted', { tried: [0, 1], demoted: [0] }, 1],
  ['of the demoted ones the one not tried', { tried: [0], demoted: [0, 1] }, 1],
  ['one tried and demoted, when there is no other', { tried: [0], demoted: [0], unavailable: [1] }, 0],
  ['none that is avoided', { avoided: [0] }, 1],
  ['none that is not available', { unavailable: [0], tried: [1], demoted: [1] }, 1],
  ['nobody, when all are avoided or not available', { avoided: [0], unavailable: [1] }, undefined],
]

test.each(cases)('picks %s', (_name, known, expected) => {
  expect(picked(known)).toBe(expected)
})

test('asks whether an endpoint is available now', () => {
  const asked: unknown[] = []
  const endpoint = { isAvailable: (...of: [nowMs: number, table?: string]) => asked.push(of) > 0 }
  pickEndpoint(
    { table: 'aliases', endpoints: [endpoint], avoided: new Set(), isDemoted: () => false },
    [],
    1234,
  )
  expect(asked).toEqual([[1234, 'aliases']])
})
