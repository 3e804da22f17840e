/**
 * Every lookup keeps the contract of the port.
 */
import * as api from '@opentelemetry/api'
import { onTestFinished } from 'vitest'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import { Resolver } from '../../../src/core/resolver.ts'
import { found, notFound, temporary } from '../../../src/core/result.ts'
import { Table } from '../../../src/core/table.ts'
import { HeldRequests } from '../../../src/gateway/held-requests.ts'
import { lookupIn } from '../../../src/library/tables.ts'
import { Tracing } from '../../../src/observability/tracing.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { lookupContract } from '../../support/contracts/lookup.ts'
import { exactly, later, ScriptedSource } from '../../support/core/sources.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const NO_STORE = { request: () => notFound() }

function openResolver() {
  const source = new ScriptedSource('directory', {
    known: found('value'),
    failing: () => Promise.reject(new Error('a defect of the source')),
    silent: later().ask,
  })
  const resolver = new Resolver(new ManualClock(), silentObserver)
  const options = { search: exactly, foldCase: true, deadlineMs: 5000, searchParallel: false }
  resolver.serve([new Table({ name: 'aliases', sources: [source], ...options })])
  return { lookup: resolver, stop: () => resolver.stop() }
}

lookupContract('the resolver', 'stops', openResolver)

lookupContract('the resolver with spans', 'stops', () => {
  const { lookup, stop } = openResolver()
  const tracing = new Tracing(api, api.trace.getTracer('test'), async () => {})
  return { lookup: tracing.lookup(lookup), stop }
})

lookupContract('requests that were held back until the start was complete', 'stops', () => {
  const { lookup, stop } = openResolver()
  const held = new HeldRequests(lookup, NO_STORE)
  held.release()
  return { lookup: held, stop }
})

lookupContract('the gateway', 'stops', async () => {
  const service = await startHttpService({ onTestFinished })
  service.route('/known', { text: 'value' })
  service.route('/unknown', { status: 204 })
  service.route('/silent', { act: 'silence' })
  service.otherwise = { status: 500 }
  const { gateway } = await startGateway(
    { onTestFinished },
    `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams: { directory: { endpoints: ["${service.origin}"], attempts: 1 } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" } } }
stop: { drainFor: 0ms }
`,
  )
  return { lookup: gateway, stop: () => gateway.stop() }
})

lookupContract('the tables of the library', 'has no end', () => {
  const call = (key: string) =>
    key === 'known' ? 'value' : key === 'failing' ? temporary('service', 'later') : undefined
  const options = { cache: { ttlMs: 60_000 }, onDefect: () => {} }
  return { lookup: lookupIn(new Map([['aliases', call]]), options, new ManualClock()) }
})
