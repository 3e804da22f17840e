/**
 * Tells systemd that the gateway is ready, or stopping (sd_notify(3)).
 *
 * Node.js has no unix datagram sockets, so `systemd-notify` sends the message. It is a process
 * of its own: the unit needs `NotifyAccess=all`. Nothing here is ever fatal.
 */
import { execFile } from 'node:child_process'

/** Longest time for the message to be taken, ms. Ours: a notice is not worth more. */
const NOTIFY_TIMEOUT_MS = 10_000

/**
 * Sends one state if systemd asked for it by `NOTIFY_SOCKET`; otherwise does nothing.
 *
 * @returns Why it could not be told, in words; undefined when all is well.
 */
export function notifySystemd(
  state: 'ready' | 'stopping',
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if (env.NOTIFY_SOCKET === undefined || env.NOTIFY_SOCKET === '') return Promise.resolve(undefined)
  const message = state === 'ready' ? '--ready' : 'STOPPING=1'
  return new Promise((resolve) => {
    execFile('systemd-notify', [message], { env, timeout: NOTIFY_TIMEOUT_MS }, (error) => {
      resolve(error === null ? undefined : `systemd was not told "${state}": ${error.message.trim()}`)
    })
  })
}
