/**
 * Why a listener cannot listen, as a sentence that says what to do.
 */
import { codeOf } from '../core/error-code.ts'

/** Thrown while a listener is opened or changed; nothing of it is left behind. */
export class ListenError extends Error {
  readonly code = 'MAPGATE_ERR_LISTEN'
}

/** What to do about an error of bind(2) or listen(2). */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it or choose another address',
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own',
  EACCES: 'not permitted; choose a port above 1023 or a directory that mapgate may write',
  EPERM: 'not permitted; choose a port above 1023 or a directory that mapgate may write',
  ENOTFOUND: 'the host name is not known; use an IP address',
  EMFILE: 'out of file descriptors; raise the limit (ulimit -n, LimitNOFILE=)',
}

/** Makes an operating system's error ours. */
export function listenError(listener: string, error: unknown): ListenError {
  const code = error instanceof ListenError ? '' : codeOf(error)
  const advice = ADVICE[code] ?? (error instanceof Error ? error.message : String(error))
  const suffix = code === '' ? '' : ` (${code})`
  return new ListenError(`cannot listen on ${listener}: ${advice}${suffix}`, { cause: error })
}
