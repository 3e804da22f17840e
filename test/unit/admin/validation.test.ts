/**
 * What is wrong in a request is reported as fastify's own compiler tells it: ajv is the judge.
 */
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { compileCheck } from '../../../src/admin/validation.ts'
import type { SchemaNode } from '../../../src/schema/node.ts'

const SCHEMA: SchemaNode = {
  type: 'object',
  required: ['key'],
  properties: {
    key: { type: 'string', minLength: 2, maxLength: 4 },
    seconds: { type: 'integer', minimum: 1, maximum: 60 },
    cache: { enum: ['use', 'bypass'] },
    'a/b': { type: 'object', properties: { 'c~d': { type: 'string' } } },
    limit: { type: 'string', pattern: '^[1-9]$' },
    list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
  },
  additionalProperties: false,
}

describe('compileCheck', () => {
  const judge = new Ajv({ allErrors: false }).compile(SCHEMA)
  const check = compileCheck({ schema: SCHEMA })
  const requests: [name: string, data: unknown][] = [
    ['no body', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'a'],
    ['a map without the key', {}],
    ['a number as text', { key: 12 }],
    ['one character', { key: 'a' }],
    ['two characters', { key: 'ab' }],
    ['four characters', { key: 'abcd' }],
    ['five characters', { key: 'abcde' }],
    ['no second', { key: 'ab', seconds: 0 }],
    ['one second', { key: 'ab', seconds: 1 }],
    ['sixty seconds', { key: 'ab', seconds: 60 }],
    ['sixty-one seconds', { key: 'ab', seconds: 61 }],
    ['half a second', { key: 'ab', seconds: 1.5 }],
    ['a word that is not known', { key: 'ab', cache: 'Use' }],
    ['a word in a list', { key: 'ab', cache: ['use'] }],
    ['a key that is not known', { key: 'ab', cahce: 'use' }],
    ['a key with a name of JavaScript', JSON.parse('{ "key": "ab", "__proto__": 1 }')],
    ['a text of a pattern', { key: 'ab', limit: '9' }],
    ['a text of another pattern', { key: 'ab', limit: '10' }],
    ['a list that fits', { key: 'ab', list: [{ a: 'x' }, {}] }],
    ['a wrong value in a list', { key: 'ab', list: [{ a: 'x' }, { a: 1 }] }],
    ['a wrong value deep inside', { key: 'ab', 'a/b': { 'c~d': 1 } }],
  ]

  for (const [name, data] of requests) {
    test(`judges ${name} as ajv does`, () => {
      const fits = judge(data)
      const verdict = check(data)
      expect(verdict === true).toBe(fits)
      if (verdict === true) return
      const { instancePath, message, params } = judge.errors?.[0] ?? {}
      const { allowedValues } = (params ?? {}) as { allowedValues?: unknown }
      expect(verdict.error).toMatchObject([
        { instancePath, message, params: allowedValues === undefined ? {} : { allowedValues } },
      ])
    })
  }

  test('a key that is not known is reported with those that are, and not repeated', () => {
    const verdict = check({ key: 'ab', 'alice@x.example': 'use' })
    expect(verdict).toMatchObject({
      error: [{ params: { knownProperties: ['key', 'seconds', 'cache', 'a/b', 'limit', 'list'] } }],
    })
    expect(JSON.stringify(verdict)).not.toContain('alice')
  })

  test('a keyword that nobody checks is a defect, at any depth', () => {
    const odd = { type: 'object', properties: { a: { type: 'string', format: 'email' } } }
    expect(() => compileCheck({ schema: odd as SchemaNode })).toThrow('has the keyword format')
    const inList = { type: 'array', items: odd }
    expect(() => compileCheck({ schema: inList as SchemaNode })).toThrow('has the keyword format')
    const deeper = { type: 'object', additionalProperties: odd.properties.a }
    expect(() => compileCheck({ schema: deeper as SchemaNode })).toThrow('has the keyword format')
  })
})
