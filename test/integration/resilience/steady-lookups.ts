/**
 * Ten clients that ask for good keys all the time, and what became of it: what an attack or an outage is
 * measured by.
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { TestGateway } from '../../support/gateway/gateway.ts'
import type { Cleanup } from '../../support/http/http-service.ts'
import { Wire, type WireReply } from './wire.ts'

/** One lookup of a good key, and when its reply came. */
export interface SteadyReply extends WireReply {
  readonly atMs: number
}

const CLIENTS = 10
/** Time between two lookups of one client, ms. */
const PAUSE_MS = 10

/** Seconds of each case: `MAPGATE_TEST_SECONDS` makes them longer. */
export const CASE_MS = Number(process.env.MAPGATE_TEST_SECONDS ?? '2') * 1000

/** Asks for `good0` to `good9`, one client each, until `stop` is called. */
export function askSteadily(t: Cleanup, gateway: TestGateway): { stop(): Promise<readonly SteadyReply[]> } {
  const replies: SteadyReply[] = []
  let state: 'asking' | 'stopped' = 'asking'
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const wire = new Wire(t, gateway, 'socketmap')
    while (state === 'asking') {
      const reply = await wire.ask(`good${client}`)
      replies.push({ ...reply, atMs: performance.now() })
      await delay(PAUSE_MS)
    }
  })
  return {
    stop: async () => {
      state = 'stopped'
      await Promise.all(clients)
      return replies
    },
  }
}

/** Share of the lookups that were answered with what they asked for, and the time that 99 % of them took at most. */
export function figures(replies: readonly SteadyReply[]): { share: number; p99Ms: number } {
  const times = replies.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  return {
    share: replies.filter(({ kind }) => kind === 'OK').length / Math.max(1, replies.length),
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
  }
}
