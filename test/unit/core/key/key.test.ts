import { describe, expect, test } from 'vitest'
import { normaliseKey } from '../../../../src/core/key/key.ts'

const key = (text: string, asked = text) => ({ kind: 'key', key: text, asked })
const impossible = (why: string) => ({ kind: 'impossible', why })

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
    ['refuses a NUL', Buffer.from('a\0b'), true, impossible('control bytes')],
    ['refuses a line end', Buffer.from('a\n'), true, impossible('control bytes')],
    ['refuses DEL', Buffer.from('a\x7f'), true, impossible('control bytes')],
    ['refuses a control byte in UTF-8 text', Buffer.from('é\r'), true, impossible('control bytes')],
    ['refuses a lone continuation byte', Buffer.from([0x61, 0x80]), true, impossible('not UTF-8')],
    ['refuses an overlong form', Buffer.from([0xc0, 0xaf]), true, impossible('not UTF-8')],
    ['refuses a surrogate', Buffer.from([0xed, 0xa0, 0x80]), true, impossible('not UTF-8')],
    ['takes 10,000 bytes', Buffer.alloc(10_000, 'a'), true, key('a'.repeat(10_000))],
    ['refuses 10,001 bytes', Buffer.alloc(10_001, 'a'), true, impossible('too long')],
  ]
  for (const [name, bytes, foldCase, expected] of cases) {
    test(name, () => expect(normaliseKey(bytes, foldCase)).toEqual(expected))
  }
})
