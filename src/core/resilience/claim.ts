/**
 * What wants a slot of an upstream, as the limiter sees it.
 */
import type { Slotted } from '../collections/slot-list.ts'
import type { KeyKind, TableQueue, Waiting } from './table-queue.ts'

/** `slow-alone`: the endpoint answered others that were sent when this one was late already. */
export type Pace = 'usual' | 'slow' | 'slow-alone'

export interface Claim extends Slotted, Waiting {
  /** Of its table; written by the limiter alone. */
  queue?: TableQueue<Claim> | undefined
  /** What it counted as when it got its slot; written by the limiter alone. */
  heldAs?: KeyKind | undefined
  /** Whose share it takes; undefined for a question of no table. */
  readonly table: string | undefined
  /** The lookup it is for: however many keys it asks for, it has one place in the queue. */
  readonly lookup?: object | undefined
  /** Decides behind whom it waits, and which part of the slots it may take. */
  readonly keyKind: KeyKind
  /** Ends the request, because its slot is needed. The slot must still be released. */
  cancel(): void
  /** How its request goes: longer under way than usual, and others were answered meanwhile or not. */
  pace(nowMs: number): Pace
  /** Ends a slow request, whose key is asked again behind others. The slot must still be released. */
  giveWay(): void
  /** The circuit of an endpoint has opened, and another one can be asked: a request to it is sent there instead. */
  moveOn(endpoint: object): void
  /** Called now and then while it holds a slot. */
  watch(nowMs: number): void
}
