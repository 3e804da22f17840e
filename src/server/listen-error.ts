/**
 * Why a listener cannot listen, as a sentence that says what to do.
 */
import type { Address } from '../core/system/address.ts'
import { codeOf, messageOf } from '../core/system/error-code.ts'

/** Thrown while a listener is opened or changed; nothing of it is left behind. */
export class ListenError extends Error {
  readonly code = 'MAPGATE_ERR_LISTEN'
}

/** What to do about an error of bind(2) or listen(2). */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it or choose another address',
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own',
  ENOTFOUND: 'the host name is not known; use an IP address',
  EMFILE: 'out of file descriptors; raise the limit (ulimit -n, LimitNOFILE=)',
}

/** What to do when it is not permitted (EACCES, EPERM). */
const NOT_PERMITTED: Readonly<Record<Address['kind'], string>> = {
  inet: 'not permitted; choose a port above 1023, or give mapgate the capability CAP_NET_BIND_SERVICE',
  unix: 'not permitted; choose a folder that mapgate may write, or let its user write this one',
  systemd: 'not permitted; look at the socket unit',
}

/** Makes an operating system's error ours. */
export function listenError(listener: string, kind: Address['kind'], error: unknown): ListenError {
  const code = error instanceof ListenError ? '' : codeOf(error)
  const refused = code === 'EACCES' || code === 'EPERM' ? NOT_PERMITTED[kind] : undefined
  const advice = refused ?? ADVICE[code] ?? messageOf(error)
  const suffix = code === '' ? '' : ` (${code})`
  return new ListenError(`cannot listen on ${listener}: ${advice}${suffix}`, { cause: error })
}
