/**
 * What every measured process tells about itself: CPU time of all its threads, memory, and the
 * delay of its event loop.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the event loop is looked at, ms: a pause is seen to this precision. */
const DELAY_RESOLUTION_MS = 5
const NS_PER_MS = 1e6

let delays

/** Begins to answer the messages of `processes.mjs`; `others` answer what is special to a server. */
export function answerUsage(others = {}) {
  process.on('message', async (message) => {
    const name = typeof message === 'string' ? message : message.name
    process.send(await (others[name] ?? common[name])(message))
  })
  process.on('disconnect', () => process.exit())
}

const common = {
  usage() {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    return { cpuMs: (user + system) / 1000, systemMs: system / 1000, rssBytes: rss, heapBytes: heapUsed }
  },
  watchLoop() {
    delays = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
    delays.enable()
    return true
  },
  loopDelays() {
    delays.disable()
    return { maxMs: delays.max / NS_PER_MS, p99Ms: delays.percentile(99) / NS_PER_MS }
  },
  collect() {
    globalThis.gc?.()
    return true
  },
}
