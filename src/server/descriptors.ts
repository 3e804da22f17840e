/**
 * How near the process is to its last file descriptor.
 *
 * When none is left, libuv accepts and closes every waiting connection and tells nobody, so
 * the trouble must be seen before: the kernel gives the lowest free descriptor, and so the number
 * of an accepted one tells how many are in use at least.
 * Source: libuv `src/unix/stream.c` (uv__emfile_trick); proc(5), /proc/PID/limits.
 */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * Descriptors kept for everything but clients: requests to the services, files. Ours: with fewer
 * a gateway that still accepts could not answer.
 */
const RESERVED_DESCRIPTORS = 16

/** The process's limit of open files; Infinity where the system does not tell. */
export function descriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    // No /proc: not Linux. The limits of connections still hold.
    return Number.POSITIVE_INFINITY
  }
}

/** Returns whether an accepted connection took one of the last descriptors below `limit`. */
export function isNearLimit(socket: Socket, limit: number): boolean {
  // Node does not document the descriptor of a socket; without it nothing is near.
  const handle: unknown = Reflect.get(socket, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof fd === 'number' && fd >= limit - RESERVED_DESCRIPTORS
}
