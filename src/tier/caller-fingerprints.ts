/**
 * Fingerprints in which is also as whom a gateway asks the service, from which nobody who reads the store learns a password.
 */
import { createHmac, scryptSync } from 'node:crypto'

/** The same for all gateways, which must come to the same names. */
const SALT = 'mapgate shared store'

const HASH_BYTES = 32

export class CallerFingerprints {
  /** A hash that is slow to make (some 50 ms), and so to guess from. */
  readonly #hashes = new Map<string, Buffer>()

  /** @param caller With secrets; '' for anybody: the fingerprint of the configuration is enough. */
  of(fingerprint: string, caller: string): string {
    if (caller === '') return fingerprint
    const hash = this.#hashes.get(caller) ?? scryptSync(caller, SALT, HASH_BYTES)
    this.#hashes.set(caller, hash)
    return createHmac('sha256', hash).update(fingerprint).digest('hex')
  }
}
