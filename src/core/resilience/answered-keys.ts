/**
 * Which keys a service has found before, so that they need not wait behind keys that nobody ever had an answer for.
 *
 * A table of hashes with one place for each, seeded at random: it takes no memory per key and no allocation on the way of a
 * lookup. A key that lost its place to another, or shares its hash, only waits a little longer or shorter.
 *
 * Source of the hash: FNV-1a, 32 bit (RFC 9923 section 2).
 */

/** Places, a power of two. Ours: 256 KiB for each upstream, with room for the addresses of a large site. */
const PLACES = 65_536

const FNV_PRIME = 0x01000193

export class AnsweredKeys {
  readonly #hashes = new Uint32Array(PLACES)
  readonly #seed: number

  /** @param random A number from 0 up to 1. */
  constructor(random: number) {
    this.#seed = Math.floor(random * 0x1_0000_0000) | 1
  }

  /** The service found this key. */
  add(key: string): void {
    const hash = this.#hash(key)
    this.#hashes[hash % PLACES] = hash
  }

  has(key: string): boolean {
    const hash = this.#hash(key)
    return this.#hashes[hash % PLACES] === hash
  }

  /** Never 0, which is the empty place. */
  #hash(key: string): number {
    let hash = this.#seed
    for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), FNV_PRIME)
    // The low bits of FNV depend on the low bits of the text alone.
    return (hash ^ (hash >>> 15)) >>> 0 || 1
  }
}
