/**
 * Wrong logins by client address, so that guessing takes time: the first is answered after one `failDelay`, the third
 * and later ones after three.
 *
 * Bounded, and forgotten by a login that succeeds. There is no clock: three seconds do no harm to somebody who was
 * wrong three times long ago.
 */

/** Ours: with the longest deadline of a table it stays within smtpd's ten seconds. */
export const MAX_DELAYS = 3

/** Addresses that are remembered. Ours: about 1 MB. */
const MAX_ADDRESSES = 10_000

/** Longest address, in characters. Source: RFC 4291 section 2.2, with an IPv4 address at the end. */
const MAX_ADDRESS_LENGTH = 45

export class LoginFailures {
  /** The one that failed last is the last. */
  readonly #counts = new Map<string, number>()

  /** Counts one more. @returns How many `failDelay` its reply is held back. */
  failed(clientAddress: string): number {
    const address = clientAddress.slice(0, MAX_ADDRESS_LENGTH)
    const count = Math.min(MAX_DELAYS, (this.#counts.get(address) ?? 0) + 1)
    this.#counts.delete(address)
    this.#counts.set(address, count)
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > MAX_ADDRESSES && oldest !== undefined) this.#counts.delete(oldest)
    return count
  }

  succeeded(clientAddress: string): void {
    this.#counts.delete(clientAddress.slice(0, MAX_ADDRESS_LENGTH))
  }
}

/** By listener: a guesser opens as many connections as it likes. */
const BY_LISTENER = new WeakMap<object, LoginFailures>()

/** Those of all connections of a listener. */
export function failuresOf(listener: object): LoginFailures {
  const known = BY_LISTENER.get(listener)
  if (known !== undefined) return known
  const failures = new LoginFailures()
  BY_LISTENER.set(listener, failures)
  return failures
}
