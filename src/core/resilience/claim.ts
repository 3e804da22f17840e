/**
 * What wants a slot of an upstream, as the limiter sees it.
 */
import type { Slotted } from '../slot-list.ts'

/** `slow-alone`: the endpoint answered others that were sent later. */
export type Pace = 'usual' | 'slow' | 'slow-alone'

export interface Claim extends Slotted {
  /** Whose share it takes; undefined for a question of no table. */
  readonly table: string | undefined
  /** The lookup it is for: however many keys it asks for, it has one place in the queue. */
  readonly lookup?: object | undefined
  /** False when nobody waits for the answer. Read each time it matters: it changes. */
  readonly hasWaiters: boolean
  /** Its key has just been slow, so that it waits behind others. */
  readonly isSlowKey: boolean
  /** Ends the request, because its slot is needed. The slot must still be released. */
  cancel(): void
  /** How its request goes: longer under way than usual, and others were answered meanwhile or not. */
  pace(nowMs: number): Pace
  /** Ends a slow request, whose key is answered as a time-out. The slot must still be released. */
  giveWay(): void
  /** Called now and then while it holds a slot. */
  watch(nowMs: number): void
}
