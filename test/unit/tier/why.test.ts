import { expect, test } from 'vitest'
import { whyOf } from '../../../src/tier/why.ts'

test('what a server repeats of a command is not shown: it may be a part of the password', () => {
  // Redis 5.0.14, cut by it at 128 characters.
  const said =
    'ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `mapgate`, `correct-horse-battery-sta'
  expect(whyOf(new Error(said))).toBe('ERR unknown command `HELLO`; it must be Valkey, or Redis 6 or later')
  expect(whyOf(new Error("ERR unknown command 'FOO', with args beginning with: 'a' 'b'"))).toBe(
    "ERR unknown command 'FOO'",
  )
})

test('a server of a cluster says what to write', () => {
  expect(whyOf(new Error('MOVED 1 127.0.0.1:1'))).toBe(
    'MOVED 1 127.0.0.1:1: this server is one of a cluster; write "cluster" in the place of "url"',
  )
})

test('a full server is said to be full', () => {
  expect(whyOf(new Error("OOM command not allowed when used memory > 'maxmemory'."))).toBe(
    'the shared store is full (maxmemory); give it more memory, or the policy volatile-lru',
  )
})
