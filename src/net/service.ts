/**
 * What the sessions of one listener share, and how one request is answered with it.
 */
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import { type LookupResult, permanent, temporary } from '../core/result.ts'
import type { DecodeStep, ServerProtocol } from '../protocols/protocol.ts'
import type { ListenerObserver } from './listener-observer.ts'

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
}

const NO_TABLE = permanent('no-table', 'no such table')

/** The answer to a request that met a bug. */
export const DEFECT = temporary('defect', 'internal error, see the log of mapgate')

/**
 * Answers one request: by its reply at once, or by a promise of its result.
 *
 * @param step A complete request.
 */
export function answer(
  service: Service,
  step: Exclude<DecodeStep, { kind: 'more' | 'violation' }>,
): string | Promise<LookupResult> {
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
  const result = ask(service, request.table ?? service.table, request.key)
  return result instanceof Promise ? result : protocol.encodeReply(result)
}

/** A lookup does not throw; should it do so all the same, this request alone suffers. */
function ask(service: Service, table: string, key: Buffer): LookupResult | Promise<LookupResult> {
  try {
    return service.lookup.lookup({ protocol: service.protocol.name, table, key })
  } catch (error) {
    service.observer.defect(error)
    return DEFECT
  }
}
