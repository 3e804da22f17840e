/**
 * The gateway of a soak, in a process of its own, so that what it holds can be told from what
 * the load holds.
 *
 *   node --expose-gc gateway-child.js mapgate.yaml
 *
 * Messages from the parent: `sample`, `reload`, `purge`, `stop`; each gets one message back.
 */
import { openSync, readdirSync } from 'node:fs'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { loadConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import type { Sample } from './sample.ts'

const file = process.argv[2] ?? 'mapgate.yaml'
let timers = 0

/** The machine's clock, that knows how many of its timers wait: those keep no process alive, so Node does not list them. */
const clock: Clock = {
  ...systemClock,
  after(delayMs, run) {
    timers++
    let waits = true
    const ended = (): void => {
      if (waits) timers--
      waits = false
    }
    const timer = systemClock.after(delayMs, () => {
      ended()
      run()
    })
    return {
      cancel() {
        ended()
        timer.cancel()
      },
    }
  },
}

function sample(): Omit<Sample, 'atS' | 'replies'> {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return {
    heapBytes: heapUsed,
    rssBytes: rss,
    descriptors: readdirSync('/proc/self/fd').length,
    timers,
    resources: process.getActiveResourcesInfo().filter((kind) => kind !== 'TCPSocketWrap').length,
  }
}

process.on('unhandledRejection', (error) => {
  console.error('unhandled rejection', error)
  process.exit(1)
})

const gateway = await Gateway.start({
  load: () => loadConfig(file),
  version: 'soak',
  clock,
  logFd: openSync('/dev/null', 'w'),
})
const ports = Array.from(gateway.listeners.values(), ({ bound }) => (bound.kind === 'inet' ? bound.port : 0))
process.send?.({ ports, metricsPort: gateway.admin?.bound.kind === 'inet' ? gateway.admin.bound.port : 0 })

process.on('message', async (what) => {
  if (what === 'sample') process.send?.(sample())
  if (what === 'reload') process.send?.(await gateway.reload())
  if (what === 'purge')
    process.send?.(gateway.tables.purge('aliases', { kind: 'domain', domain: 'c.example' }) ?? 0)
  if (what === 'stop') {
    await gateway.stop()
    process.exit(0)
  }
})
