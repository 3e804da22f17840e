/**
 * What the admin API sees of the gateway and may do with it.
 */
import type { Control, NamedReadiness } from '../admin/ports.ts'
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { GatewayStatus } from '../core/status.ts'
import type { Observability } from '../observability/observability.ts'
import type { GatewayPorts } from './admin.ts'
import type { Drills } from './drills.ts'

/** The gateway as its admin API knows it. */
export interface AdminTarget
  extends Lookup,
    Pick<
      Control,
      | 'reload'
      | 'purge'
      | 'purgeElsewhere'
      | 'entryElsewhere'
      | 'confirmLoss'
      | 'replica'
      | 'store'
      | 'shadowDifferences'
      | 'redactedConfig'
    >,
    Pick<GatewayPorts, 'wireReplies'> {
  readonly drills: Drills
  status(): GatewayStatus
  readiness(): readonly NamedReadiness[]
}

export function adminPorts(
  gateway: AdminTarget,
  observability: Observability,
  clock: Clock,
  version: string,
): GatewayPorts {
  const { metrics, events, history, problems, logging, redactor, observer } = observability
  return {
    clock,
    lookup: gateway,
    status: () => gateway.status(),
    protocols: gateway.status().protocols,
    readiness: () => gateway.readiness(),
    drills: () => gateway.drills.list(),
    wireReplies: (table, result) => gateway.wireReplies(table, result),
    control: {
      reload: () => gateway.reload(),
      purge: (table, what) => gateway.purge(table, what),
      purgeElsewhere: (table, what) => gateway.purgeElsewhere(table, what),
      entryElsewhere: (table, key, item) => gateway.entryElsewhere(table, key, item),
      confirmLoss: (table) => gateway.confirmLoss(table),
      replica: (table) => gateway.replica(table),
      store: (table) => gateway.store(table),
      shadowDifferences: (table) => gateway.shadowDifferences(table),
      beginDrill: (upstream, forMs) => gateway.drills.begin(upstream, forMs),
      endDrill: (upstream) => gateway.drills.end(upstream, 'operator'),
      logLevel: () => logging.level,
      setLogLevel: (level) => {
        logging.level = level
      },
      redactedConfig: () => gateway.redactedConfig(),
    },
    metrics,
    events,
    history,
    problems,
    logger: logging.logger,
    renderKey: (key) => logging.renderKey(key),
    redactJson: (json) => redactor.json(json),
    defect: (error, where) => observer.defect(error, where),
    version,
  }
}
