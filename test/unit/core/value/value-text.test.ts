import { describe, expect, test } from 'vitest'
import { whyNoValue, withoutOuterBlanks } from '../../../../src/core/value/value-text.ts'

const CONTROL = 'has control characters in a value'
const invisible = (codePoint: string) => `has the invisible character ${codePoint} in a value`

const none = (codePoint: string) => `has ${codePoint}, which is not a character in use, in a value`

describe('a value', () => {
  const cases: [name: string, text: string, why: string | undefined][] = [
    ['may be an address', 'alice@a.example', undefined],
    ['may be empty', '', undefined],
    ['may hold spaces within', 'REJECT go away', undefined],
    ['may hold spaces around', ' a ', undefined],
    ['may hold letters of every script', 'jürgen@почта.example, 用户@例え.example', undefined],
    ['may hold a symbol beyond the BMP', 'REJECT 🚫', undefined],
    ['may hold a combining accent', 'e\u0301@a.example', undefined],
    ['may not hold NUL', 'a\0', CONTROL],
    ['may not hold a tab', 'a\tb', CONTROL],
    ['may not hold a line end', 'a\nb', CONTROL],
    ['may not hold DEL', 'a\x7f', CONTROL],
    ['may hold the character before DEL', 'a~', undefined],
    ['may not hold a C1 control', 'a\u0085', CONTROL],
    ['may not hold the last C1 control', 'a\u009f', CONTROL],
    ['may hold the first letter sign behind C1', 'a\u00a1', undefined],
    ['may not hold half a character', 'a\ud83d', CONTROL],
    ['may not hold a no-break space', 'alice@a.example\u00a0', invisible('U+00A0')],
    ['may not hold a soft hyphen', 'al\u00adice@a.example', invisible('U+00AD')],
    ['may not hold a combining grapheme joiner', 'a\u034f', invisible('U+034F')],
    ['may not hold an Arabic letter mark', 'a\u061c', invisible('U+061C')],
    ['may not hold an Ogham space', 'a\u1680b', invisible('U+1680')],
    ['may not hold an em space', 'a\u2003b', invisible('U+2003')],
    ['may not hold a zero-width space', 'alice@\u200ba.example', invisible('U+200B')],
    ['may not hold a zero-width joiner', 'a\u200db', invisible('U+200D')],
    ['may not hold a right-to-left mark', 'a\u200f', invisible('U+200F')],
    ['may not hold a line separator', 'a\u2028b', invisible('U+2028')],
    ['may not hold a right-to-left override', 'a\u202eb', invisible('U+202E')],
    ['may not hold a word joiner', 'a\u2060', invisible('U+2060')],
    ['may not hold an isolate', 'a\u2066', invisible('U+2066')],
    ['may not hold a Braille blank', 'a\u2800', invisible('U+2800')],
    ['may not hold an ideographic space', 'a\u3000', invisible('U+3000')],
    ['may not hold a Hangul filler', 'a\u3164', invisible('U+3164')],
    ['may not hold a variation selector', 'a\ufe0f', invisible('U+FE0F')],
    ['may not begin with a byte order mark', '\ufeffa', invisible('U+FEFF')],
    ['may not hold a tag', 'a\u{e0041}', invisible('U+E0041')],
    ['may not hold a paragraph separator', 'a\u2029b', invisible('U+2029')],
    ['may not hold a variation selector beyond the BMP', 'a\u{e0100}', invisible('U+E0100')],
    ['may hold the last letter before private use', 'a\ud7fb', undefined],
    ['may not hold a character of private use', 'a\ue000', none('U+E000')],
    ['may not hold the last one', 'a\uf8ff', none('U+F8FF')],
    ['may hold the first letter behind private use', 'a\uf900', undefined],
    ['may not hold a private plane', 'a\u{f0000}', none('U+F0000')],
    ['may not hold a noncharacter', 'a\uffff', none('U+FFFF')],
    ['may not hold another noncharacter', 'a\ufdd0', none('U+FDD0')],
    ['may not hold the last noncharacter', 'a\u{10ffff}', none('U+10FFFF')],
    ['may not hold what stands for an object', 'a\ufffc', none('U+FFFC')],
    ['may not hold what stands for a lost character', 'm\ufffdller@a.example', none('U+FFFD')],
    ['may not hold a character that is not assigned', 'a\u0378', none('U+0378')],
    ['may not be nothing but spaces', '  ', 'has a value of nothing but spaces'],
  ]
  for (const [name, text, why] of cases) test(name, () => expect(whyNoValue(text)).toBe(why))
})

describe('blanks', () => {
  test.each([
    [' REJECT', 'REJECT'],
    ['smtp:[a.example]  ', 'smtp:[a.example]'],
    [' a b ', 'a b'],
    ['a', 'a'],
    ['', ''],
    ['  ', '  '],
    ['\u00a0a', '\u00a0a'],
  ])('at the ends of %j are no part of it', (text, value) => expect(withoutOuterBlanks(text)).toBe(value))
})
