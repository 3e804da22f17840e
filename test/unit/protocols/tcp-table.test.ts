/** Values at the bound below which nothing is quoted to see whether it fits. */
import { expect, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { tcpTable } from '../../../src/protocols/tcp-table/protocol.ts'

const conversation = tcpTable.accept({ settings: { table: 'aliases' }, random: () => 0 })

// Nine characters of a reply for each, which has 4096 with "200 " and the newline.
test('454 signs of three bytes fit into a reply, and 455 do not', () => {
  const longest = found('€'.repeat(454))
  expect(conversation.deliverable(longest)).toBe(longest)
  expect(conversation.reply(longest)).toBe(`200 ${'%E2%82%AC'.repeat(454)}\n`)

  expect(conversation.deliverable(found('€'.repeat(455)))).toMatchObject({ cause: 'too-long' })
  expect(conversation.reply(found('€'.repeat(455)))).toBe('400 reply%20too%20long\n')
})

test('4091 letters fit, and 4092 do not', () => {
  expect(conversation.deliverable(found('v'.repeat(4091)))).toMatchObject({ kind: 'found' })
  expect(conversation.deliverable(found('v'.repeat(4092)))).toMatchObject({ cause: 'too-long' })
})
