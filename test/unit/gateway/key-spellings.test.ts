import { describe, expect, test } from 'vitest'
import { addressSpellings } from '../../../src/gateway/key-spellings.ts'

describe('a purge of one key forgets', () => {
  test.each([
    ['u@bücher.example', ['u@bücher.example', 'u@xn--bcher-kva.example']],
    ['u@xn--bcher-kva.example', ['u@xn--bcher-kva.example', 'u@bücher.example']],
    ['u@a.example.', ['u@a.example.', 'u@a.example']],
    ['u@a.example', ['u@a.example']],
    ['xn--u@a.example', ['xn--u@a.example']],
    ['u@xn--zzzz', ['u@xn--zzzz']],
  ])('%j in all its spellings', (key, spellings) =>
    expect([...addressSpellings(key)]).toStrictEqual(spellings),
  )
})
