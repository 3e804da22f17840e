/**
 * One request for the keys of an issuer (JWK Set, RFC 7517 section 5), within time and size, over our own connections.
 */
import type { JSONWebKeySet } from 'jose'
import type { Clock } from '../../core/clock.ts'
import { temporaryFor } from '../../core/reason.ts'
import { DEFECT } from '../../core/result.ts'
import { codeOf } from '../../core/system/error-code.ts'
import { Connections } from '../http-client/connection/connections.ts'
import { classifyFailure } from '../http-client/connection/failures.ts'
import type { TlsSettings } from '../http-client/settings.ts'
import type { FetchFailure } from '../own-fetch.ts'
import { JWKS_REASONS } from './reasons.ts'
import type { JwksKeys } from './schema.ts'

/** Longest set that is read, bytes. Ours: keys with whole certificate chains have some thousand each. */
const MAX_SET_BYTES = 262_144

/** Most keys of a set. Ours: a token without the name of its key is tried with each. */
const MAX_KEYS = 100

/** Longest name of the place in a reason, in characters: the end of a sentence says what to do. */
const MAX_LABEL_LENGTH = 60

/** Kinds of public keys. Source: RFC 7518 section 6.1, RFC 8037. */
const PUBLIC_KINDS: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP'])

/** Where keys are and how they are reached. */
export interface KeysPlace {
  readonly name: string
  readonly url: JwksKeys['jwks']['url']
  readonly timeoutMs: number
  /** PEM texts. */
  readonly tls: TlsSettings | undefined
  readonly proxy: string | undefined
}

type FetchedKeys = { readonly keys: JSONWebKeySet } | FetchFailure

/** Host and port, as reasons name the place. */
export function labelOf({ url }: KeysPlace): string {
  return url.endpoint.label.slice(0, MAX_LABEL_LENGTH)
}

/** The way to the place. Nothing is connected before the first request. */
export function connectionsTo({ name, url, timeoutMs, tls, proxy }: KeysPlace, clock: Clock): Connections {
  const settings = {
    name,
    endpoints: [url.endpoint],
    headers: new Map<string, string>(),
    host: undefined,
    oauth: undefined,
    timeoutMs,
    maxConcurrent: 1,
    // Each request starts over: between two of them a kept connection is long closed.
    maxConnectionAgeMs: 0,
    maxBodyBytes: MAX_SET_BYTES,
    tls,
    proxy,
  }
  return new Connections(url.endpoint, settings, clock)
}

/** Asks once. Does not reject. */
export async function fetchKeys(place: KeysPlace, connections: Connections): Promise<FetchedKeys> {
  const label = labelOf(place)
  const fields = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'mapgate' }
  const outcome = await connections.send(
    { method: 'GET', path: place.url.path, headers: Object.entries(fields).flat(), body: undefined },
    { reused: false, broken: false, addresses: [] },
    { timeoutMs: place.timeoutMs, signal: undefined, needsBody: (status) => status === 200 },
  )
  switch (outcome.kind) {
    case 'timeout':
    case 'aborted':
      return { failure: temporaryFor(JWKS_REASONS.keysLate, label) }
    case 'too-large':
      return { failure: temporaryFor(JWKS_REASONS.noKeys, label, `over ${outcome.maxBodyBytes} bytes`) }
    case 'error': {
      const why = classifyFailure(outcome.error)
      if (why === undefined) return { failure: DEFECT, defect: outcome.error }
      const code = codeOf(outcome.error) || 'closed'
      return { failure: temporaryFor(JWKS_REASONS.keysUnreachable, label, code) }
    }
    case 'response': {
      const { status, body } = outcome.response
      if (status !== 200) return { failure: temporaryFor(JWKS_REASONS.keysFailed, label, status) }
      const read = readSet(body)
      return typeof read === 'string'
        ? { failure: temporaryFor(JWKS_REASONS.noKeys, label, read) }
        : { keys: read }
    }
  }
}

/** @returns What is wrong, in a few words, for what is no set with a public key in it. */
function readSet(body: Buffer): JSONWebKeySet | string {
  let set: unknown
  try {
    set = JSON.parse(body.toString())
  } catch {
    return 'not JSON'
  }
  if (typeof set !== 'object' || set === null || !('keys' in set) || !Array.isArray(set.keys))
    return 'other JSON'
  if (set.keys.length > MAX_KEYS) return `over ${MAX_KEYS} keys`
  const keys = set.keys.filter((key) => PUBLIC_KINDS.has(key?.kty) && key.d === undefined)
  return keys.length === 0 ? 'no public key' : { keys }
}
