/** The finder of names that only one folder should know: what it sees. */
import { expect, test } from 'vitest'
import { compares, hasLiteral } from '../support/source/names.ts'

const comparing = [
  "kind === 'http'",
  "kind !== 'http'",
  'kind === "http"',
  'kind == `http`',
  "kind ===\n      'http'",
  "'http' === kind",
  '"http" != kind',
  "switch (kind) { case 'http': }",
  'case "http":',
]
test.each(comparing)('a comparison: %s', (text) => {
  expect(compares(text, 'http')).toBe(true)
})

const others = [
  "name: 'http'",
  "kind === 'https'",
  "const a = ['http']",
  "a = 'http'",
  "'http'.length",
  "incase 'http'",
]
test.each(others)('no comparison: %s', (text) => {
  expect(compares(text, 'http')).toBe(false)
})

test.each([
  "'socketmap'",
  '"socketmap"',
  '`socketmap`',
  "'socketmap: quote it'",
  '`socketmap: quote it`',
  ['`socketmap$', '{place}`'].join(''),
])('a literal: %s', (text) => {
  expect(hasLiteral(`protocol(${text})`, 'socketmap')).toBe(true)
})

test.each(["'socketmap:inet'", 'socketmap', '\'socketmap"'])('no literal: %s', (text) => {
  expect(hasLiteral(`protocol(${text})`, 'socketmap')).toBe(false)
})
