import { describe, expect, test } from 'vitest'
import { isPossibleKey, normaliseKey } from '../../../../src/core/key/key.ts'

const key = (text: string, asked = text) => ({ kind: 'key', key: text, asked })
const impossible = (why: string, text: string, asked = text) => ({
  kind: 'impossible',
  why,
  key: text,
  asked,
})

describe('normaliseKey', () => {
  const cases: [name: string, bytes: Buffer, foldCase: boolean, expected: object][] = [
    ['folds ASCII', Buffer.from('Bob@Example.COM'), true, key('bob@example.com', 'Bob@Example.COM')],
    ['folds A, the first capital letter', Buffer.from('a@A'), true, key('a@a', 'a@A')],
    ['folds Z, the last', Buffer.from('Z@[z'), true, key('z@[z', 'Z@[z')],
    [
      'folds letters beyond ASCII',
      Buffer.from('ÄRZTE@bücher.example'),
      true,
      key('ärzte@bücher.example', 'ÄRZTE@bücher.example'),
    ],
    [
      'keeps the case where a table asks for it',
      Buffer.from('Bob@Example.COM'),
      false,
      key('Bob@Example.COM'),
    ],
    ['keeps case beyond ASCII', Buffer.from('Ärzte'), false, key('Ärzte')],
    ['takes an empty key', Buffer.alloc(0), true, key('')],
    ['takes spaces, quotes and per cents', Buffer.from('"a b" 50%<>'), true, key('"a b" 50%<>')],
    ['refuses a NUL', Buffer.from('a\0b'), true, impossible('control bytes', 'a\0b')],
    ['refuses a line end', Buffer.from('a\n'), true, impossible('control bytes', 'a\n')],
    ['refuses DEL', Buffer.from('a\x7f'), true, impossible('control bytes', 'a\x7f')],
    [
      'refuses a control byte in UTF-8 text, which keeps its other parts',
      Buffer.from('É\r@B.example'),
      true,
      impossible('control bytes', 'é\r@b.example', 'É\r@B.example'),
    ],
    [
      'keeps the case of what it refuses, where a table asks for it',
      Buffer.from('\x07@B.example'),
      false,
      impossible('control bytes', '\x07@B.example'),
    ],
    ['refuses a lone continuation byte', Buffer.from([0x61, 0x80]), true, impossible('not UTF-8', 'a\0')],
    ['refuses an overlong form', Buffer.from([0xc0, 0xaf]), true, impossible('not UTF-8', '\0\0')],
    ['refuses a surrogate', Buffer.from([0xed, 0xa0, 0x80]), true, impossible('not UTF-8', '\0\0\0')],
    [
      'keeps what follows a cut character',
      Buffer.from('\xc3@b.example', 'latin1'),
      true,
      impossible('not UTF-8', '\0@b.example'),
    ],
    [
      'keeps U+FFFD as somebody wrote it',
      Buffer.from('\ufffd\x07'),
      true,
      impossible('control bytes', '\ufffd\x07'),
    ],
    ['takes 10,000 bytes', Buffer.alloc(10_000, 'a'), true, key('a'.repeat(10_000))],
    ['refuses 10,001 bytes', Buffer.alloc(10_001, 'a'), true, impossible('too long', 'a'.repeat(10_001))],
  ]
  for (const [name, bytes, foldCase, expected] of cases) {
    test(name, () => expect(normaliseKey(bytes, foldCase)).toEqual(expected))
  }
})

describe('isPossibleKey', () => {
  test.each([
    ['a b@é.example', true],
    ['a\x1fb', false],
    ['a\x7fb', false],
    ['', true],
    ['é'.repeat(5_000), true],
    ['é'.repeat(5_001), false],
  ])('%j: %s', (text, expected) => expect(isPossibleKey(text)).toBe(expected))
})
