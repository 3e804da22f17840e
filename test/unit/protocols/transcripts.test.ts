/**
 * Replays the transcripts beside this file through every chunking, without a socket.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { LookupResult } from '../../../src/core/result.ts'
import type { ServerProtocol } from '../../../src/protocols/protocol.ts'
import { socketmap } from '../../../src/protocols/socketmap/server.ts'
import { tcpTable } from '../../../src/protocols/tcp-table/server.ts'
import { chunkings } from '../../support/chunkings.ts'
import { tinyLookup } from '../../support/tiny-lookup.ts'
import { lineFrame, netstringFrame, readTranscript } from '../../support/transcript.ts'

const documents = [
  { file: 'socketmap.md', protocol: socketmap, frame: netstringFrame },
  { file: 'tcp-table.md', protocol: tcpTable, frame: lineFrame },
]

for (const { file, protocol, frame } of documents) {
  describe(file, () => {
    for (const { title, sent, expected, closes } of readTranscript(new URL(file, import.meta.url), frame)) {
      test(title, () => {
        for (const chunks of chunkings(sent)) {
          const told = converse(protocol, chunks)
          assert.equal(told.replies, expected.toString())
          assert.equal(told.closed, closes)
        }
      })
    }
  })
}

/** What a server of this protocol replies, and whether it closes then. */
function converse(protocol: ServerProtocol, chunks: readonly Buffer[]): { replies: string; closed: boolean } {
  const decoder = protocol.createDecoder()
  let replies = ''
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let step = decoder.read(); step.kind !== 'more'; step = decoder.read()) {
      if (step.kind === 'violation') return { replies, closed: true }
      replies += step.kind === 'skipped' ? step.reply : replyTo(protocol, step.payload)
    }
  }
  return { replies, closed: false }
}

function replyTo(protocol: ServerProtocol, payload: Buffer): string {
  const request = protocol.parseRequest(payload)
  if (request.kind === 'refused') return request.reply
  const query = { protocol: protocol.name, table: request.table ?? 'aliases', key: request.key }
  return protocol.encodeReply(tinyLookup.lookup(query) as LookupResult)
}
