/**
 * What the admin API sees of the gateway and may do with it.
 */
import type { Control } from '../admin/ports.ts'
import type { Clock } from '../core/clock.ts'
import type { Lookup } from '../core/lookup.ts'
import type { GatewayStatus } from '../core/status.ts'
import type { Observability } from '../observability/observability.ts'
import type { GatewayPorts } from './admin.ts'

/** The gateway as its admin API knows it. */
export interface Administered
  extends Lookup,
    Pick<Control, 'reload' | 'purge' | 'redactedConfig'>,
    Pick<GatewayPorts, 'wireReplies'> {
  status(): GatewayStatus
}

export function adminPorts(
  gateway: Administered,
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
    wireReplies: (result) => gateway.wireReplies(result),
    control: {
      reload: () => gateway.reload(),
      purge: (table, what) => gateway.purge(table, what),
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
