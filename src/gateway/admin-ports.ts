/**
 * What the admin API sees of the gateway and may do with it.
 */
import type { Control, NamedReadiness } from '../admin/ports.ts'
import { shownStatus } from '../admin/shown-replica.ts'
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { GatewayStatus } from '../core/status.ts'
import type { Observability } from '../observability/observability.ts'
import type { GatewayPorts } from './admin.ts'
import type { Drills } from './drills.ts'
import type { TablePort } from './table-control.ts'

/** The gateway as its admin API knows it. */
export interface AdminTarget
  extends Lookup,
    Pick<Control, 'reload' | 'redactedConfig'>,
    Pick<GatewayPorts, 'wireReplies'> {
  readonly drills: Drills
  readonly tables: TablePort
  readonly secretAttributes: readonly string[]
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
    status: () => shownStatus(gateway.status(), (key) => logging.renderKey(key)),
    protocols: gateway.status().protocols,
    secretAttributes: gateway.secretAttributes,
    readiness: () => gateway.readiness(),
    drills: () => gateway.drills.list(),
    wireReplies: (table, result) => gateway.wireReplies(table, result),
    control: {
      reload: () => gateway.reload(),
      purge: (table, what) => gateway.tables.purge(table, what),
      purgeElsewhere: (table, what) => gateway.tables.purgeElsewhere(table, what),
      entryElsewhere: (table, key, item) => gateway.tables.entryElsewhere(table, key, item),
      confirmLoss: (table) => gateway.tables.confirmLoss(table),
      replica: (table) => gateway.tables.replica(table),
      store: (table) => gateway.tables.store(table),
      shadowDifferences: (table) => gateway.tables.shadowDifferences(table),
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
    redactForeign: (text) => redactor.foreign(text),
    defect: (error, where) => observer.defect(error, where),
    version,
  }
}
