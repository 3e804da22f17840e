/**
 * What is wrong while lookups are still answered, one sentence each: for /readyz, the page and
 * `mapgate status`.
 */
import type { TableStatus, UpstreamStatus } from '../core/status.ts'

/** @param overloaded The event loop does not keep up. */
export function degradedBy(
  tables: readonly TableStatus[],
  upstreams: readonly UpstreamStatus[],
  overloaded: boolean,
): readonly string[] {
  const program = overloaded ? ['the event loop does not keep up: only stored answers are given'] : []
  return [...program, ...upstreams.flatMap(upstreamTroubles), ...tables.flatMap(tableTroubles)]
}

function upstreamTroubles({ name, endpoints }: UpstreamStatus): string[] {
  const troubles = endpoints
    .filter(({ circuit }) => circuit !== 'closed')
    .map(({ name: endpoint, circuit, lastFailure }) => {
      const why = lastFailure === undefined ? '' : ` (last failure: ${lastFailure})`
      return `upstream ${name}: the circuit of endpoint ${endpoint} is ${circuit}${why}`
    })
  const paused = endpoints
    .filter(({ pausedForMs }) => pausedForMs !== undefined)
    .map((endpoint) => `upstream ${name}: endpoint ${endpoint.name} asked for a pause (Retry-After)`)
  return [...troubles, ...paused]
}

function tableTroubles({ name, canaries }: TableStatus): string[] {
  return canaries
    .filter(({ state }) => state === 'missing' || state === 'unreachable')
    .map(({ upstream, endpoint, state }) =>
      state === 'missing'
        ? `table ${name}: endpoint ${endpoint} of upstream ${upstream} does not know its canary`
        : `table ${name}: the canary cannot be asked at endpoint ${endpoint} of upstream ${upstream}`,
    )
}
