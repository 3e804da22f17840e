import { expect, test } from 'vitest'
import { parseJson } from '../../../../../src/upstreams/http-client/reply/json-document.ts'

test.each([
  [500_000, true],
  [500_001, false],
])('a list in a document of %d values is read: %s', (values, isRead) => {
  // The list itself has no comma before it: the first number has a bracket, every other one a comma.
  const text = `[${'1,'.repeat(values - 2)}1]`
  expect(parseJson(text) !== undefined).toBe(isRead)
})

test('commas in texts are no values', () => {
  expect(parseJson(JSON.stringify(['a,'.repeat(600_000), '\\"', ',[{:'.repeat(200_000)]))).toBeDefined()
})
