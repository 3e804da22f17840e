/**
 * Tries whether a unix socket of another program can be connected to now, without asking anything there.
 *
 * Source: connect(2).
 */
import { connect } from 'node:net'
import { codeOf } from '../core/system/error-code.ts'

/** How long the server may take to accept, ms. Ours: it is on this machine. */
const TRY_TIMEOUT_MS = 1000

/** The system's name of the error; undefined where the socket can be connected to, or nobody knows. */
export type TrySocket = (path: string) => Promise<string | undefined>

export function trySocket(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const finish = (code: string | undefined) => {
      socket.destroy()
      resolve(code)
    }
    socket.once('connect', () => finish(undefined))
    socket.once('error', (error) => finish(codeOf(error)))
    socket.setTimeout(TRY_TIMEOUT_MS, () => finish('ETIMEDOUT'))
  })
}
