/**
 * Opens a TCP connection to whichever address of a name answers first (RFC 8305, "Happy Eyeballs").
 *
 * Node.js gives each address but the last 250 ms and then gives it up: a service far away, or one that is slow to
 * accept, could never be reached when its name has two addresses, whatever `timeout` says. Here each address keeps
 * all the time that there is, and the next one is tried beside it.
 */
import type { LookupAddress } from 'node:dns'
import type { Socket } from 'node:net'
import type { Clock } from '../../../core/clock.ts'

/** Time until the next address is tried beside the others, ms. Source: RFC 8305 section 5, Connection Attempt Delay. */
const NEXT_ADDRESS_MS = 250

interface DialParts {
  readonly clock: Clock
  /** Begins to connect; the socket tells how it ends by `connect` or `error`. */
  readonly connect: (address: LookupAddress) => Socket
  /** Called with each address when it is tried. */
  readonly onAddress: (address: string) => void
}

/**
 * @param addresses In the order of getaddrinfo(3), at least one; tried with the families in turn.
 * @param timeoutMs Until all that has not connected is given up.
 * @param callback Called once: with the socket, or with the first failure.
 */
export function dial(
  addresses: readonly LookupAddress[],
  timeoutMs: number,
  { clock, connect, onAddress }: DialParts,
  callback: (error: Error | null, socket: Socket | null) => void,
): void {
  const waiting = inTurn(addresses)
  const trying = new Set<Socket>()
  let firstError: Error | undefined
  let next: { cancel(): void } | undefined

  const end = (error: Error | null, socket: Socket | null): void => {
    next?.cancel()
    timer.cancel()
    for (const other of trying) if (other !== socket) other.destroy()
    trying.clear()
    callback(error, socket)
  }
  const tryNext = (): void => {
    next?.cancel()
    const address = waiting.shift()
    if (address === undefined) return
    onAddress(address.address)
    const socket = connect(address)
    trying.add(socket)
    socket.once('connect', () => {
      if (!trying.has(socket)) return
      socket.removeListener('error', onError)
      end(null, socket)
    })
    const onError = (error: Error): void => {
      firstError ??= error
      if (!trying.delete(socket)) return
      if (waiting.length > 0) tryNext()
      else if (trying.size === 0) end(firstError, null)
    }
    // Stays until the connection is there: a socket that is given up may still fail.
    socket.on('error', onError)
    if (waiting.length > 0) next = clock.after(NEXT_ADDRESS_MS, tryNext)
  }
  const timer = clock.after(timeoutMs, () =>
    end(firstError ?? Object.assign(new Error('no address answers'), { code: 'ETIMEDOUT' }), null),
  )
  tryNext()
}

/** The families by turns, beginning with that of the first address (RFC 8305 section 4). */
function inTurn(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family)
  const second = addresses.filter(({ family }) => family !== addresses[0]?.family)
  return first
    .flatMap((address, at) => [address, ...second.slice(at, at + 1)])
    .concat(second.slice(first.length))
}
