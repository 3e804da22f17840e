/**
 * Resolves host names, equal questions once at a time.
 *
 * `getaddrinfo` blocks one of the four threads that Node.js has for it and for files, for many
 * seconds while the name server is gone. A burst of connections to one host would take all of them, and with
 * them the connections to every other host. Source: Node.js dns, "Implementation considerations".
 */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns'

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void

/** Who waits for which question. */
const waiting = new Map<string, Callback[]>()

/** For the `lookup` option of `net.connect`. Nothing is kept once the answer is there. */
export function lookupHost(host: string, options: LookupOptions, callback: Callback): void {
  const { family, hints, all, order, verbatim } = options
  const question = JSON.stringify([host, family, hints, all, order, verbatim])
  const others = waiting.get(question)
  if (others !== undefined) {
    others.push(callback)
    return
  }
  const callbacks = [callback]
  waiting.set(question, callbacks)
  dns.lookup(host, options, (error, address, family) => {
    waiting.delete(question)
    for (const answer of callbacks) answer(error, address, family)
  })
}
