/**
 * The query string of a request, read as RFC 3986 has it: percent-encoding, and a `+` that is a `+`.
 * The form encoding of browsers would make a space of it, and `bob+news@…` is an address.
 *
 * Keys are bytes, not text, so a value is read twice: as text for the schemas, as bytes for a lookup.
 */
import { ProblemError } from './problem.ts'

/** A `%` that no two hexadecimal digits follow. */
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/

/** The part after the first `?`, '' without one. */
function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at + 1)
}

/** Throws the problem to answer when a query string cannot be decoded. */
export function checkQuery(url: string): void {
  if (BAD_ESCAPE.test(queryOf(url))) {
    throw new ProblemError(
      400,
      'bad-request',
      'a "%" in the query must be followed by two hexadecimal digits; write "%25" for a percent sign',
    )
  }
}

/**
 * For the router: every parameter as text. Bytes that are not UTF-8 show as U+FFFD.
 *
 * @returns A parameter given more than once as an array, which no schema here accepts.
 */
export function parseQuery(query: string): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of pairs(query)) {
    const before = parameters[name]
    const text = value.toString('utf8')
    if (before === undefined) parameters[name] = text
    else parameters[name] = Array.isArray(before) ? [...before, text] : [before, text]
  }
  return parameters
}

/** The bytes of one parameter, undefined when it is absent. */
export function queryBytes(url: string, wanted: string): Buffer | undefined {
  for (const [name, value] of pairs(queryOf(url))) if (name === wanted) return value
  return undefined
}

function* pairs(query: string): Generator<[name: string, value: Buffer]> {
  for (const part of query.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = at === -1 ? part : part.slice(0, at)
    const value = at === -1 ? '' : part.slice(at + 1)
    yield [percentDecode(name).toString('utf8'), percentDecode(value)]
  }
}

/** Leaves a bad escape as it is: {@link checkQuery} has refused it. */
function percentDecode(text: string): Buffer {
  const decoded: number[] = []
  // Node.js gives the request line as Latin-1, one character for each byte received.
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at++) {
    const hex = text.charCodeAt(at) === 0x25 ? text.slice(at + 1, at + 3) : ''
    const isEscape = /^[0-9A-Fa-f]{2}$/.test(hex)
    decoded.push(isEscape ? Number.parseInt(hex, 16) : (bytes[at] ?? 0))
    if (isEscape) at += 2
  }
  return Buffer.from(decoded)
}
