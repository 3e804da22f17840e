/**
 * What the sessions of one listener share, and how one request is answered with it.
 */
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import { DEFECT, type LookupResult, NO_TABLE } from '../core/result.ts'
import type { DecodeStep, ServerProtocol } from '../protocols/protocol.ts'
import type { FairShare } from './fair-share.ts'
import type { ListenerObserver } from './observer.ts'
import type { LateReplies } from './reply-batch.ts'

/** Changed in place by a reload, under the sessions that use it. */
export interface Service {
  readonly protocol: ServerProtocol
  readonly lookup: Lookup
  /** The table of a protocol without table names. */
  readonly table: string
  /** The table names served; undefined for every name. */
  readonly tables: ReadonlySet<string> | undefined
  readonly clock: Clock
  readonly observer: ListenerObserver
  /** Lives on over reloads. */
  readonly share: FairShare
  /** Lives on over reloads. */
  readonly late: LateReplies
}

/** What the decoder says about a complete request. */
type CompleteStep = Exclude<DecodeStep, { kind: 'more' | 'violation' }>

/**
 * Answers one request: by its reply at once, or by a promise of its result. Nothing here throws;
 * should it do so all the same, this request alone suffers.
 *
 * @param step A complete request.
 */
export function answer(service: Service, step: CompleteStep): string | Promise<LookupResult> {
  try {
    return answerStep(service, step)
  } catch (error) {
    service.observer.defect(error)
    return service.protocol.encodeReply(DEFECT)
  }
}

/** Encodes a result that was waited for; should that fail, this request alone suffers. */
export function encode({ protocol, observer }: Service, result: LookupResult): string {
  try {
    return protocol.encodeReply(result)
  } catch (error) {
    observer.defect(error)
    return protocol.encodeReply(DEFECT)
  }
}

function answerStep(service: Service, step: CompleteStep): string | Promise<LookupResult> {
  const { protocol, tables, observer } = service
  if (step.kind === 'skipped') {
    observer.protocolError('request-limit')
    return step.reply
  }
  const request = protocol.parseRequest(step.payload)
  if (request.kind === 'refused') {
    observer.protocolError(request.error)
    return request.reply
  }
  if (request.table !== undefined && tables !== undefined && !tables.has(request.table)) {
    observer.protocolError('table')
    return protocol.encodeReply(NO_TABLE)
  }
  const table = request.table ?? service.table
  const result = service.lookup.lookup({ protocol: protocol.name, table, key: request.key })
  return result instanceof Promise ? result : protocol.encodeReply(result)
}
