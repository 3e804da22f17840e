/**
 * The least that a Node.js program can do to ask an HTTP service: `undici.request` in a loop, as many
 * at a time as there are connections.
 *
 * Message `{ name: 'run', url, concurrency, warmMs, runMs, from }`: asks for one new key after the other.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Pool, request } from 'undici'
import { answerUsage } from './usage.mjs'

answerUsage({
  async run({ url, concurrency, warmMs, runMs, from }) {
    const dispatcher = new Pool(new URL(url).origin, { connections: concurrency, pipelining: 1 })
    let next = from
    let done = 0
    let state = 'running'
    const loop = async () => {
      while (state === 'running') {
        const key = `user${String(next++).padStart(7, '0')}@bench.example`
        const { body } = await request(`${url}/${encodeURIComponent(key)}`, { dispatcher })
        await body.text()
        done++
      }
    }
    const loops = Array.from({ length: concurrency }, loop)
    await delay(warmMs)
    const before = { done, cpu: process.cpuUsage(), at: performance.now() }
    await delay(runMs)
    const { user, system } = process.cpuUsage(before.cpu)
    const result = {
      replies: done - before.done,
      seconds: (performance.now() - before.at) / 1000,
      cpuMs: (user + system) / 1000,
      next,
    }
    state = 'stopped'
    await Promise.all(loops)
    await dispatcher.close()
    return result
  },
})
process.send('ready')
