import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Redactor } from '../../../src/observability/redaction.ts'

describe('Redactor', () => {
  const cases: [name: string, secret: string, text: string, expected: string][] = [
    ['hides a secret in the middle of a text', 's3cret-token', 'Bearer s3cret-token!', 'Bearer ***!'],
    ['hides every occurrence', 's3cret', 's3cret s3cret', '*** ***'],
    [
      'hides it as it stands in a URL',
      'p@ss word',
      'http://u:p%40ss%20word@h.example/',
      'http://u:***@h.example/',
    ],
    ['hides it as basic authentication has it', 'user:pass', 'Basic dXNlcjpwYXNz', 'Basic ***'],
    ['hides six characters', 'abcdef', 'xabcdefx', 'x***x'],
    ['leaves five characters, which ordinary words hold', 'abcde', 'xabcdex', 'xabcdex'],
    ['leaves a text without secrets as it is', 's3cret', 'nothing here', 'nothing here'],
  ]
  for (const [name, secret, text, expected] of cases) {
    test(name, () => {
      expect(new Redactor([secret]).text(text)).toBe(expected)
    })
  }

  test('hides the longer of two secrets whole', () => {
    expect(new Redactor(['token', 'token-and-more']).text('token-and-more')).toBe('***')
  })

  test('knows only the secrets of the last configuration', () => {
    const redactor = new Redactor(['former'])
    redactor.setSecrets(['newest'])
    expect(redactor.text('former newest')).toBe('former ***')
  })

  test('leaves property names of JSON, and hides in its values', () => {
    expect(new Redactor(['levels']).json('{"levels":"the levels are","a":["levels"]}')).toBe(
      '{"levels":"the *** are","a":["***"]}',
    )
  })

  test('hides a secret that JSON has to escape', () => {
    const secret = 'q"uo\\te\n'
    const json = JSON.stringify({ err: `failed: ${secret}` })
    expect(JSON.parse(new Redactor([secret]).json(json))).toEqual({ err: 'failed: ***' })
  })

  test.each([
    ['as it is', 'x q"/\\é-secret y', 'x *** y'],
    ['with a slash escaped', String.raw`{"e":"q\"\/\\é-secret"}`, '{"e":"***"}'],
    ['by numbers', String.raw`{"e":"\u0071\u0022\u002F\u005c\u00E9\u002dsecret"}`, '{"e":"***"}'],
    ['twice', String.raw`q\"\/\\é-secret, q\u0022/\\\u00e9-secret.`, '***, ***.'],
    ['beside other escapes', String.raw`\n\u0041 q\"\/\\é-secret \t`, String.raw`\n\u0041 *** \t`],
    ['in part, which is none', String.raw`q\"\/\\é-secre`, String.raw`q\"\/\\é-secre`],
  ])('hides a secret in a text of a service: %s', (_how, text, expected) => {
    expect(new Redactor(['q"/\\é-secret']).foreign(text)).toBe(expected)
  })

  test('keeps JSON valid and free of the secret, whatever both hold', () => {
    const secret = fc
      .string({ minLength: 6, maxLength: 12, unit: 'binary' })
      .filter((text) => !text.includes('***'))
    fc.assert(
      fc.property(
        secret,
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (hidden, before, after) => {
          const json = JSON.stringify({ text: before + hidden + after, list: [hidden] })
          const redacted = JSON.parse(new Redactor([hidden]).json(json)) as { text: string; list: string[] }
          // The stars themselves may complete what stood around them; nothing else can.
          expect(redacted.text.replaceAll('***', '')).not.toBe(before + hidden + after)
          expect(redacted.list).toEqual(['***'])
        },
      ),
    )
  })
})
