/**
 * The header fields of a request: those of every request to an endpoint, the request's own, and ours.
 *
 * A list of names and values in turn, each name once, lower case, as undici takes it. Most requests have no
 * fields of their own, and their list is made once: an object with other fields for each request is
 * slow to make and to read (bench/RESULTS.md).
 */
import type { SendOptions } from '../../../core/upstream.ts'
import { headerBytes } from './escape.ts'

/** The same for every request without fields of its own, so that it can be told at a glance. */
export const NO_FIELDS: Readonly<Record<string, string>> = Object.freeze({})

/** Sent unless the configuration has its own. */
const DEFAULTS: Readonly<Record<string, string>> = {
  accept: 'application/json, text/plain;q=0.9, */*;q=0.1',
  'user-agent': 'mapgate',
}

/** Sent whatever the configuration says: a compressed reply is not read. */
const FIXED: Readonly<Record<string, string>> = { 'accept-encoding': 'identity' }

/** Added to single requests by {@link addOurs}, in place of a configured field of that name. */
const OURS = ['traceparent', 'if-none-match', 'if-modified-since']

export class RequestFields {
  /** What they were made of: a reload or a changed secret brings another one. */
  readonly configured: ReadonlyMap<string, string>
  readonly host: string | undefined
  readonly #common: Readonly<Record<string, string>>
  /** All fields of a request without any of its own; undefined where one of ours would come twice. */
  readonly #list: readonly string[] | undefined

  /** @param host Takes the place of the host of the URL. */
  constructor(configured: ReadonlyMap<string, string>, host?: string) {
    this.configured = configured
    this.host = host
    const common: Record<string, string> = host === undefined ? { ...DEFAULTS } : { host, ...DEFAULTS }
    for (const [name, value] of configured) common[name.toLowerCase()] = headerBytes(value)
    this.#common = common
    this.#list = OURS.some((name) => name in common) ? undefined : flat({ ...common, ...FIXED })
  }

  /** @param own Fields of this request, lower case; {@link NO_FIELDS} for none. */
  of(own: Readonly<Record<string, string>>, options: SendOptions): string[] {
    if (own === NO_FIELDS && this.#list !== undefined) {
      const list = this.#list.slice()
      addOurs(options, (name, value) => list.push(name, value))
      return list
    }
    const fields: Record<string, string> = { ...this.#common, ...own, ...FIXED }
    addOurs(options, (name, value) => {
      fields[name] = value
    })
    return flat(fields)
  }
}

/** W3C Trace Context section 3.2; RFC 9110 sections 13.1.2 and 13.1.3. */
function addOurs({ traceparent, validators }: SendOptions, add: (name: string, value: string) => void): void {
  if (traceparent !== undefined) add('traceparent', traceparent)
  if (validators?.etag !== undefined) add('if-none-match', validators.etag)
  if (validators?.lastModified !== undefined) add('if-modified-since', validators.lastModified)
}

function flat(fields: Readonly<Record<string, string>>): string[] {
  return Object.entries(fields).flat()
}
