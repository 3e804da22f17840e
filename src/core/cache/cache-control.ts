/**
 * The `Cache-Control` field of a reply.
 *
 *   Cache-Control = #( token [ "=" ( token / quoted-string ) ] )
 *
 *   max-age=60, private="x, max-age=9", no-cache
 *
 * Only what a private cache uses is kept; `s-maxage`, `public` and `proxy-revalidate` are for shared ones.
 *
 * Source: RFC 9111 section 5.2, RFC 5861. Invalid and contradicting values make an answer
 * stale, as section 4.2.1 encourages: a service that says nonsense is asked again.
 */

/** What a reply allows. Seconds became ms; 0 where the value was no number or was given twice differently. */
export interface CacheControl {
  readonly maxAgeMs?: number
  readonly staleWhileRevalidateMs?: number
  readonly staleIfErrorMs?: number
  readonly noStore: boolean
  readonly noCache: boolean
  readonly mustRevalidate: boolean
}

/** Longest time a delta-seconds value can mean, s. Source: RFC 9111 section 1.2.2. */
const MAX_DELTA_SECONDS = 2_147_483_648

/** One list element: a name, and perhaps a value. The grammar of RFC 9110 section 5.6. */
const DIRECTIVE = /[\s,]*([!#$%&'*+\-.^_`|~\w]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y

/** Reads one field value; several fields of a reply are joined by commas before. */
export function parseCacheControl(field: string): CacheControl {
  const directives = directivesOf(field)
  return {
    maxAgeMs: deltaMs(directives.get('max-age')),
    staleWhileRevalidateMs: deltaMs(directives.get('stale-while-revalidate')),
    staleIfErrorMs: deltaMs(directives.get('stale-if-error')),
    noStore: directives.has('no-store'),
    // `no-cache="field"` speaks of one field only; taken for the whole reply, as section 5.2.2.4 permits.
    noCache: directives.has('no-cache'),
    mustRevalidate: directives.has('must-revalidate'),
  }
}

/**
 * Reads delta-seconds: the values of one directive, or of the `Age` field.
 *
 * @returns ms; undefined when there is none; 0 when it is no number, or several differ.
 */
export function deltaMs(values: readonly string[] | undefined): number | undefined {
  const first = values?.[0]
  if (values === undefined || first === undefined) return undefined
  const valid = /^\d+$/.test(first) && values.every((value) => value === first)
  return valid ? Math.min(Number(first), MAX_DELTA_SECONDS) * 1000 : 0
}

/** Every directive by its lower-case name, with its values in order. Ends where the text is no list any more. */
function directivesOf(field: string): Map<string, string[]> {
  const directives = new Map<string, string[]>()
  DIRECTIVE.lastIndex = 0
  for (let match = DIRECTIVE.exec(field); match !== null; match = DIRECTIVE.exec(field)) {
    const name = (match[1] ?? '').toLowerCase()
    const value = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? ''
    const values = directives.get(name)
    if (values === undefined) directives.set(name, [value])
    else values.push(value)
  }
  return directives
}
