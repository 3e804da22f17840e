import { describe, expect, test } from 'vitest'
import { isIPv4, isIPv6 } from '../../../../src/core/search/ip.ts'

describe('isIPv4', () => {
  const cases: [text: string, isAddress: boolean][] = [
    ['192.0.2.1', true],
    ['0.0.0.0', true],
    ['255.255.255.255', true],
    ['256.0.2.1', false],
    ['192.0.2.256', false],
    ['192.0.2', false],
    ['192.0.2.1.1', false],
    ['192.0..1', false],
    ['.0.2.1', false],
    ['192.0.2.', false],
    ['192.0.2.a', false],
    ['192.0.2./', false],
    ['192.0.2.:', false],
    ['', false],
  ]
  for (const [text, isAddress] of cases) {
    test(`"${text}" is ${isAddress ? 'an' : 'no'} address`, () => expect(isIPv4(text)).toBe(isAddress))
  }
})

describe('isIPv6', () => {
  const cases: [text: string, isAddress: boolean][] = [
    ['::', true],
    ['2001:db8::1', true],
    ['::ffff:192.0.2.1', true],
    ['0000:0000:0000:0000:0000:ffff:255.255.255.255', true],
    ['00000:0000:0000:0000:0000:ffff:255.255.255.255', false],
    ['2001:db8', false],
    ['abcd', false],
    ['a.example', false],
    ['2001:db8::g', false],
    ['', false],
  ]
  for (const [text, isAddress] of cases) {
    test(`"${text}" looks like ${isAddress ? 'an' : 'no'} address`, () =>
      expect(isIPv6(text)).toBe(isAddress))
  }
})
