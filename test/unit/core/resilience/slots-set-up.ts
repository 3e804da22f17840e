/**
 * A limiter on the manual clock, and claims that count what is done to them.
 */
import type { Claim, Pace } from '../../../../src/core/resilience/claim.ts'
import { Limiter } from '../../../../src/core/resilience/limiter.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'

export interface Scripted extends Claim {
  cancelled: number
  gaveWay: number
  pace(): Pace
  giveWay(): void
}

export function claim(table: string, more: Partial<Claim> = {}): Scripted {
  const one: Scripted = {
    table,
    hasWaiters: true,
    keyKind: 'known',
    cancelled: 0,
    gaveWay: 0,
    cancel: () => one.cancelled++,
    giveWay: () => one.gaveWay++,
    pace: (): Pace => 'usual',
    watch: () => {},
    moveOn: () => {},
    ...(more as Partial<Scripted>),
  }
  return one
}

export function setUp(maxConcurrent: number, maxQueued = 100) {
  const clock = new ManualClock()
  const limiter = new Limiter({ maxConcurrent, maxQueued }, clock)
  const far = clock.monotonicMs() + 60_000
  const order: string[] = []
  const take = (one: Claim, name = '') => {
    const taken = limiter.take(one, far)
    if (taken instanceof Promise) void taken.then((got) => got && order.push(name))
    return taken instanceof Promise ? 'queued' : taken
  }
  return { clock, limiter, far, order, take }
}
