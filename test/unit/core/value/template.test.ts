import { describe, expect, test } from 'vitest'
import { parseTemplate, Template } from '../../../../src/core/value/template.ts'

const values: Record<string, string> = { key: 'K', user: 'U' }

function fill(text: string): string | undefined {
  const template = parseTemplate(text)
  if (!(template instanceof Template)) return `!${template.position} ${template.message}`
  return template.render(
    (name) => values[name],
    (value) => `[${value}]`,
  )
}

describe('a template', () => {
  const cases: [sentence: string, text: string, expected: string | undefined][] = [
    ['without places is itself', '/aliases', '/aliases'],
    ['may be empty', '', ''],
    ['is filled in, and only the values are quoted', '/a/{key}/{user}]', '/a/[K]/[U]]'],
    ['has single braces for double ones', '{{key}} {key} }}{{', '{key} [K] }{'],
    ['may have a brace right around a place', '{{{key}}}', '{[K]}'],
    ['is not used when a part is missing', '{key}{domain}', undefined],
    [
      'needs a name that is known',
      'a{kye}',
      '!1 unknown placeholder {kye}; known are {key} {user} {domain} {domain1}..{domain9} {table}',
    ],
    [
      'knows no empty name',
      '{}',
      '!0 unknown placeholder {}; known are {key} {user} {domain} {domain1}..{domain9} {table}',
    ],
    [
      'knows no tenth label',
      '{domain10}',
      '!0 unknown placeholder {domain10}; known are {key} {user} {domain} {domain1}..{domain9} {table}',
    ],
    ['must close its places', 'ab{key', '!2 "{" without "}" behind it; write "{{" for the character itself'],
    ['must open its places', 'ab}', '!2 "}" without "{" before it; write "}}" for the character itself'],
    [
      'has no places around other text',
      '{"a": 1}',
      '!0 "{" does not begin a placeholder here; write "{{" for the character itself',
    ],
  ]
  for (const [sentence, text, expected] of cases) {
    test(`${sentence}: ${text}`, () => expect(fill(text)).toBe(expected))
  }

  test('tells its names, once each', () => {
    const template = parseTemplate('{key}{user}{key}')
    expect(template instanceof Template && [...template.names]).toStrictEqual(['key', 'user'])
  })

  test('takes other names than those of a key, and tells the one it does not know', () => {
    expect(parseTemplate('{value}', ['value']).kind).toBe('template')
    const error = parseTemplate('{key}', ['value'])
    expect(error.kind === 'error' && error.unknownName).toBe('key')
  })
})
