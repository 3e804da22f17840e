/**
 * The end of everything that runs, in order: no new connections, answers to what is in flight,
 * answers saved, connections closed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Resolver } from '../core/resolver.ts'
import type { Generation } from './generation.ts'

export interface StopOptions {
  readonly resolver: Resolver
  /** Longest time for what is in flight, ms. Default 0. */
  readonly drainForMs?: number
  /** Called when nothing is answered any more. Default: nothing is saved. */
  readonly save?: () => Promise<void>
}

/** Ends all but the admin API, which shows what is going on until the end. */
export async function stopRunning(
  { listeners, tables, shared, upstreams }: Generation,
  { resolver, drainForMs = 0, save }: StopOptions,
): Promise<void> {
  const all = Array.from(listeners.values())
  const timeUp = new AbortController()
  const drained = Promise.all(all.map((listener) => listener.drain()))
  // Not the clock's timer: that one would not keep a process alive which has nothing else left.
  const late = delay(drainForMs, undefined, { signal: timeUp.signal }).catch(() => {}) // aborted: drained in time
  await Promise.race([drained, late])
  timeUp.abort()

  resolver.stop()
  for (const upstream of upstreams.values()) upstream.abort()
  // One turn, so that the sessions hear of the lookups that have just been answered; closing sends those replies.
  await new Promise((resolve) => setImmediate(resolve))
  await Promise.all(all.map((listener) => listener.close()))
  await save?.()
  shared?.store.close()
  for (const { asked } of tables.values()) for (const upstream of asked) upstream.stop()
  for (const upstream of upstreams.values()) await upstream.destroy()
}
