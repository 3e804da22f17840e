/**
 * Time in which this process could run. On a machine that is shared it may get no processor for
 * seconds; what waits meanwhile is late for no fault of its own. A reply that is lost while the event
 * loop turns as it should is late on this clock too.
 */

const TICK_MS = 20

let heldUpMs = 0
let lastMs = performance.now()

setInterval(() => {
  const nowMs = performance.now()
  heldUpMs += Math.max(0, nowMs - lastMs - 2 * TICK_MS)
  lastMs = nowMs
}, TICK_MS).unref()

/** Monotonic ms, without those in which the event loop stood still. */
export function awakeMs(): number {
  return performance.now() - heldUpMs
}
