/**
 * CPU time of another process, read from the kernel: of all its threads, so that the garbage
 * collector's helpers count, too.
 */
import { readdirSync, readFileSync } from 'node:fs'

const NS_PER_MS = 1e6

/** @returns CPU time in ms so far, 0 without a process. Source: proc(5), /proc/PID/task/TID/schedstat. */
export function cpuMsOf(pid) {
  if (pid === undefined) return 0
  let ns = 0
  for (const thread of readdirSync(`/proc/${pid}/task`))
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0])
  return ns / NS_PER_MS
}
