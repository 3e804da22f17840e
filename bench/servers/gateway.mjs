/**
 * The gateway as `mapgate serve` runs it, in a process that also answers for its CPU time.
 *
 *   node gateway.mjs DIST CONFIG [silent]
 *
 * DIST is a compiled build, so that two builds can be compared. `silent` takes every observer of
 * lookups away: what counting costs is the difference.
 */
import { openSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { answerUsage } from './usage.mjs'

const [dist, config, mode] = process.argv.slice(2)
const load = (file) => import(pathToFileURL(resolve(dist, file)))
const { Gateway } = await load('gateway.js')
const { loadConfig } = await load('gateway/load-config.js')

if (mode === 'silent') {
  const { silentObserver } = await load('core/observed/observer.js')
  const { GatewayObserver } = await load('observability/gateway-observer.js')
  GatewayObserver.prototype.table = silentObserver.table
  GatewayObserver.prototype.upstream = silentObserver.upstream
}

const gateway = await Gateway.start({
  load: () => loadConfig(config),
  version: 'bench',
  logFd: openSync('/dev/null', 'w'),
})
const ports = Array.from(gateway.listeners.values(), ({ bound }) => bound.port ?? bound.path)
process.send({ ports, adminPort: gateway.admin?.bound.port })
answerUsage({
  sizes: () => gateway.status().tables.map(({ name, cache, replica }) => ({ name, ...cache, replica })),
  refresh: () => gateway.tables.replica('aliases').refresh(true).kind,
})
process.on('SIGTERM', () => process.exit())
