/**
 * One answer as it lies in the store: as few bytes as possible, since there may be a million.
 *
 * Every number is a whole one. V8 keeps a whole number below 2^31 inside the object and puts any
 * other number in a box of 16 bytes of its own; instants are therefore counted from the
 * start of the program, not from 1970.
 */
import { type Found, found, NOT_FOUND, type NotFound } from '../result.ts'
import type { Validators } from '../upstream.ts'
import type { Freshness } from './freshness.ts'

/** A stored answer, not changed once it is stored: a renewed one takes its place. */
export class StoredAnswer implements Freshness {
  /** What a found answer says; undefined is "not found". */
  readonly value: string | undefined
  /** Monotonic ms since the store's base when the answer was as old as 0; may be negative. */
  readonly monotonicMs: number
  /** Wall clock ms since the store's base when the answer was as old as 0; may be negative. */
  readonly wallMs: number
  readonly freshnessLifetimeMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly validators: Validators | undefined
  /** Position of the endpoint that answered. */
  readonly endpoint: number
  /** Monotonic ms since the store's base since when the key is found without a break; for a "not found" as `monotonicMs`. */
  sinceMs: number
  /** True when the service was known to be sane (canary) when it answered. */
  readonly confirmedByCanary: boolean

  constructor(
    value: string | undefined,
    freshness: Freshness,
    monotonicMs: number,
    wallMs: number,
    validators: Validators | undefined,
    endpoint: number,
    sinceMs: number,
    confirmedByCanary: boolean,
  ) {
    this.value = value
    this.monotonicMs = monotonicMs
    this.wallMs = wallMs
    this.freshnessLifetimeMs = freshness.freshnessLifetimeMs
    this.staleWhileRevalidateMs = freshness.staleWhileRevalidateMs
    this.staleIfErrorMs = freshness.staleIfErrorMs
    this.validators = validators
    this.endpoint = endpoint
    this.sinceMs = sinceMs
    this.confirmedByCanary = confirmedByCanary
  }

  /** The answer as a lookup result. */
  get result(): Found | NotFound {
    return this.value === undefined ? NOT_FOUND : found(this.value)
  }
}

/** Returns the validators that came with the answer, if any, so that it can be asked for conditionally. */
export function validatorsOf(validators: Validators | undefined): Validators | undefined {
  if (validators?.etag === undefined && validators?.lastModified === undefined) return undefined
  return { etag: validators.etag, lastModified: validators.lastModified }
}
