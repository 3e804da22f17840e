/**
 * The thread that looks whether the main thread's event loop turns. Started by watchdog.ts.
 */
import { execFile } from 'node:child_process'
import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { WatchdogData } from './watchdog.ts'

/** Longest time for systemd-notify, ms. Ours: it sends one datagram. */
const NOTIFY_TIMEOUT_MS = 10_000

const STDERR = 2

const { beats, lookEveryMs, maxMissed, tellEveryMs } = workerData as WatchdogData
const counter = new Int32Array(beats)
let seen = Atomics.load(counter, 0)
let missed = 0

// Looks are counted, not time: after a suspension one look is late, and the next finds a beat.
setInterval(() => {
  const now = Atomics.load(counter, 0)
  missed = now === seen ? missed + 1 : 0
  seen = now
  if (missed >= maxMissed) endProcess()
}, lookEveryMs)

if (tellEveryMs !== undefined) {
  setInterval(() => {
    if (missed > 1) return
    // A failure shows at systemd, which ends the service.
    execFile('systemd-notify', ['WATCHDOG=1'], { timeout: NOTIFY_TIMEOUT_MS }, () => {})
  }, tellEveryMs)
}

function endProcess(): void {
  const seconds = Math.round((missed * lookEveryMs) / 1000)
  try {
    writeSync(
      STDERR,
      `mapgate serve: the event loop was blocked for ${seconds} s; ended, to be restarted. Please report it\n`,
    )
  } finally {
    // No handler in the main thread can run. A signal that ends it counts as a failure for the supervisor that restarts it.
    process.kill(process.pid, 'SIGKILL')
  }
}
