/**
 * Ends the process when its event loop stands still, so that it is restarted: a loop that a defect keeps busy
 * hears no signal, and every client waits.
 *
 * The main thread counts up, a thread of its own looks (watchdog-thread.ts). Both stand still while the process or
 * the machine is suspended, so that neither is taken for a loop that does not turn. A debugger stops the main
 * thread alone: with one nothing is watched.
 *
 * systemd is notified as long as the loop turns (`WatchdogSec=`, sd_watchdog_enabled(3)), for what stops both threads.
 */
import { url as debuggerUrl } from 'node:inspector'
import { Worker } from 'node:worker_threads'

/** Time between two beats, and two looks, ms. Ours: many in the limit. */
const BEAT_MS = 1000

/** Looks without a beat after which the process ends. Ours: 30 s, far above any collection of garbage, and a third of what Postfix waits. */
const MAX_MISSED_BEATS = 30

/** What the thread is given. */
export interface WatchdogData {
  /** One number that grows as long as the loop turns. */
  readonly beats: SharedArrayBuffer
  readonly lookEveryMs: number
  readonly maxMissed: number
  /** How often systemd is notified, ms; undefined where it does not ask. */
  readonly tellEveryMs: number | undefined
}

interface WatchdogLimits {
  readonly beatMs: number
  readonly maxMissed: number
}

/** Starts watching; neither timer nor thread keeps the process alive. Returns how to stop. */
export function startWatchdog(
  env: Readonly<Record<string, string | undefined>>,
  { beatMs, maxMissed }: WatchdogLimits = { beatMs: BEAT_MS, maxMissed: MAX_MISSED_BEATS },
): () => void {
  if (debuggerUrl() !== undefined) return () => {}
  const beats = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const counter = new Int32Array(beats)
  const beat = setInterval(() => Atomics.add(counter, 0, 1), beatMs)
  beat.unref()
  const data: WatchdogData = {
    beats,
    lookEveryMs: beatMs,
    maxMissed,
    tellEveryMs: systemdIntervalMs(env, process.pid),
  }
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData: data,
    // Those of the main thread may not fit a thread.
    execArgv: [],
  })
  thread.unref()
  // Lookups go on without it.
  thread.on('error', (error) => process.emitWarning(`the event loop is not watched: ${error.message}`))
  return () => {
    clearInterval(beat)
    void thread.terminate()
  }
}

/** Half of what systemd allows (sd_watchdog_enabled(3)), ms; undefined where it does not watch this process. */
export function systemdIntervalMs(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: watched, NOTIFY_SOCKET: socket } = env
  if (socket === undefined || socket === '' || usec === undefined || !/^[1-9]\d{0,15}$/.test(usec))
    return undefined
  return watched === undefined || watched === String(pid) ? Number(usec) / 1000 / 2 : undefined
}
