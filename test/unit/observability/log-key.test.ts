import { describe, expect, test } from 'vitest'
import { keyRenderer } from '../../../src/observability/log-key.ts'

describe('keyRenderer', () => {
  test('plain shows the key', () => {
    expect(keyRenderer('plain', '')(Buffer.from('bob@lighthouse.example'))).toBe('bob@lighthouse.example')
  })

  for (const [length, cut] of [
    [320, false],
    [321, true],
  ] as const) {
    test(`plain ${cut ? 'cuts' : 'shows'} a key of ${length} characters`, () => {
      const shown = keyRenderer('plain', '')('x'.repeat(length))
      expect(shown).toBe(cut ? `${'x'.repeat(320)}…` : 'x'.repeat(length))
    })
  }

  test('none leaves the key out', () => {
    expect(keyRenderer('none', '')('bob@lighthouse.example')).toBeUndefined()
  })

  test('hash shows the first 64 bits of the HMAC-SHA256', () => {
    // printf %s bob@lighthouse.example | openssl dgst -sha256 -hmac hash-key
    expect(keyRenderer('hash', 'hash-key')('bob@lighthouse.example')).toBe('966c7b6c6abd3dd5')
  })

  test('hash tells two keys and two hash keys apart', () => {
    const first = keyRenderer('hash', 'one')
    expect(first('a')).not.toBe(first('b'))
    expect(first('a')).not.toBe(keyRenderer('hash', 'two')('a'))
  })
})
