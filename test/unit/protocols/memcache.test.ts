/**
 * What is too long for the memcache protocol is skipped without being held, and what does not end as it must is not taken,
 * wherever it is cut.
 */
import { expect, test } from 'vitest'
import type { LookupResult } from '../../../src/core/result.ts'
import { MemcacheConversation } from '../../../src/protocols/memcache/conversation.ts'
import { cutAt } from '../../support/wire/chunkings.ts'
import { tinyLookup } from '../../support/wire/tiny-lookup.ts'

/** What a conversation says to these bytes in pieces of this size, and every store request it makes. */
function converse(wire: string, pieceBytes: number): { said: string; puts: number } {
  const conversation = new MemcacheConversation()
  let said = ''
  let puts = 0
  for (const chunk of cutAt(Buffer.from(wire), [pieceBytes])) {
    conversation.push(chunk)
    for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next()) {
      if (step.kind === 'store') {
        puts++
        said += conversation.reply({ kind: 'done' })
      } else if (step.kind === 'ask') said += conversation.reply(tinyLookup.lookup(step) as LookupResult)
      else if (step.kind !== 'pass') said += step.text ?? ''
    }
  }
  return { said, puts }
}

const END = 'get t/absent\r\n'

for (const pieceBytes of [1, 7, 65_536, 10_000_000]) {
  test(`a value of 131070 bytes is taken, one of 131071 and of 2 MB are skipped, in pieces of ${pieceBytes}`, () => {
    const set = (bytes: number) => `set t/a 0 0 ${bytes}\r\n${'v'.repeat(bytes)}\r\n`
    expect(converse(set(131_070) + END, pieceBytes)).toEqual({ said: 'STORED\r\nEND\r\n', puts: 1 })
    for (const bytes of [131_071, 2_000_000]) {
      expect(converse(set(bytes) + END, pieceBytes)).toEqual({
        said: 'SERVER_ERROR object too large for cache\r\nEND\r\n',
        puts: 0,
      })
    }
  })

  test(`a line of 131072 bytes is taken, a longer one skipped, in pieces of ${pieceBytes}`, () => {
    const get = (bytes: number) => `get t/${'k'.repeat(bytes - 6)}\n`
    expect(converse(get(131_072) + END, pieceBytes).said).toBe('SERVER_ERROR reply too long\r\nEND\r\n')
    for (const bytes of [131_073, 1_000_000])
      expect(converse(get(bytes) + END, pieceBytes).said).toBe(
        'SERVER_ERROR bad request: the command has more than 128 KiB\r\nEND\r\n',
      )
  })

  test(`a value that ends with a newline alone is not taken, in pieces of ${pieceBytes}`, () => {
    expect(converse('set aliases/a 0 0 2\r\nabX\n', pieceBytes)).toEqual({
      said: 'CLIENT_ERROR bad data chunk\r\n',
      puts: 0,
    })
  })
}

test('a command that wants no reply takes none from the next one', () => {
  const quiet = 'set t/a 0 0 1 noreply\r\nx\r\ndelete t/a noreply\r\n'
  expect(converse(quiet + END, 7)).toEqual({ said: 'END\r\n', puts: 2 })
})
