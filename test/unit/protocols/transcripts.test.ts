/**
 * Replays the transcripts beside this file through every chunking, without a socket.
 */
import { describe, expect, test } from 'vitest'
import type { Lookup } from '../../../src/core/lookup.ts'
import type { LookupResult } from '../../../src/core/result.ts'
import { readOnlyStore, type Store, type StoreResult } from '../../../src/core/store/store.ts'
import { memcache } from '../../../src/protocols/memcache/protocol.ts'
import { policy } from '../../../src/protocols/policy/protocol.ts'
import type {
  AskStep,
  Conversation,
  Protocol,
  Reply,
  ReplyStep,
  StoreStep,
} from '../../../src/protocols/protocol.ts'
import { proxymap } from '../../../src/protocols/proxymap/protocol.ts'
import { sasl } from '../../../src/protocols/sasl/protocol.ts'
import { socketmap } from '../../../src/protocols/socketmap/protocol.ts'
import { tcpTable } from '../../../src/protocols/tcp-table/protocol.ts'
import { chunkings } from '../../support/wire/chunkings.ts'
import { tinyLookup } from '../../support/wire/tiny-lookup.ts'
import { TinyStore } from '../../support/wire/tiny-store.ts'
import {
  crlfFrame,
  type Frame,
  lineFrame,
  netstringFrame,
  nulFrame,
  readTranscript,
} from '../../support/wire/transcript.ts'

interface Document {
  readonly file: string
  readonly protocol: Protocol
  readonly frame: Frame
  /** Of the listener, where they are not those of the example; then its tables are written. */
  readonly settings?: object
}

const documents: readonly Document[] = [
  { file: 'socketmap.md', protocol: socketmap, frame: netstringFrame },
  { file: 'tcp-table.md', protocol: tcpTable, frame: lineFrame },
  { file: 'memcache.md', protocol: memcache, frame: crlfFrame },
  { file: 'proxymap.md', protocol: proxymap, frame: nulFrame },
  {
    file: 'proxymap-written.md',
    protocol: proxymap,
    frame: nulFrame,
    settings: { ...proxymap.example, write: ['verify'] },
  },
  { file: 'policy.md', protocol: policy, frame: lineFrame },
  { file: 'sasl.md', protocol: sasl, frame: lineFrame },
]

for (const { file, protocol, frame, settings } of documents) {
  describe(file, () => {
    for (const { title, sent, expected, closes } of readTranscript(new URL(file, import.meta.url), frame)) {
      test(title, () => {
        for (const chunks of chunkings(sent)) {
          const told = converse(protocol, settings, chunks)
          expect(told.replies).toBe(expected.toString())
          expect(told.closed).toBe(closes)
        }
      })
    }
  })
}

/** Who answers. */
type Tables = Lookup & Store

const READ_ONLY: Tables = { ...tinyLookup, ...readOnlyStore }

function replyTo(conversation: Conversation, step: AskStep | StoreStep | ReplyStep, tables: Tables): Reply {
  if (step.kind === 'ask') return conversation.reply(tables.lookup(step) as LookupResult)
  return step.kind === 'store' ? conversation.reply(tables.request(step.request) as StoreResult) : step
}

/** What a server of this protocol replies, and whether it closes then. */
function converse(
  protocol: Protocol,
  settings: object | undefined,
  chunks: readonly Buffer[],
): { replies: string; closed: boolean } {
  const conversation = protocol.accept({ settings: settings ?? protocol.example, random: () => 0 })
  const tables = settings === undefined ? READ_ONLY : new TinyStore()
  let replies = ''
  for (const chunk of chunks) {
    conversation.push(chunk)
    for (let step = conversation.next(); step.kind !== 'more'; step = conversation.next()) {
      if (step.kind === 'violation') return { replies: replies + (step.text ?? ''), closed: true }
      if (step.kind === 'pass') throw new Error('nobody is asked but us')
      const reply = replyTo(conversation, step, tables)
      replies += typeof reply === 'string' ? reply : reply.text
      if (typeof reply !== 'string' && reply.close === true) return { replies, closed: true }
    }
  }
  return { replies, closed: false }
}
