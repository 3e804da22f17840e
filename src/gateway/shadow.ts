/**
 * The upstream that a table asks beside its own, running.
 */
import type { TableConfig } from '../config/config.ts'
import type { Shadow } from '../core/cache/shadowed-upstream.ts'
import { ShadowRecord } from '../core/shadow/shadow-record.ts'
import type { SharedUpstream, TableUpstream } from '../upstreams/kind.ts'
import type { GatewayParts } from './parts.ts'

export interface RunningShadow {
  readonly asked: TableUpstream
  /** What it was built over. */
  readonly over: SharedUpstream
  /** Goes on over reloads, as long as the upstream has its name. */
  readonly record: ShadowRecord
}

/** Asked as the table's own, without what guards its answers: the canary and the copy. */
export function makeShadow(
  config: TableConfig,
  over: SharedUpstream,
  old: { readonly config: TableConfig; readonly shadow: RunningShadow | undefined } | undefined,
  { clock }: GatewayParts,
): RunningShadow {
  const isKept = old?.config.shadow?.upstream === config.shadow?.upstream
  const record = (isKept ? old?.shadow?.record : undefined) ?? new ShadowRecord(clock)
  const asked = { ...config, canary: undefined, replica: undefined }
  return { asked: over.forTable(asked), over, record }
}

export function shadowOf(
  { shadow, deadlineMs }: TableConfig,
  running: RunningShadow | undefined,
): Shadow | undefined {
  if (shadow === undefined || running === undefined) return undefined
  return {
    upstream: running.asked.upstream,
    share: shadow.share,
    timeoutMs: deadlineMs,
    record: running.record,
  }
}
