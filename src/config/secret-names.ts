/**
 * What is a secret by the name it has, or by the place in an address where it is: a file may hold
 * one literally, in a query, a form, a JSON body or a path. What goes to a service is looked at by the
 * stricter rule of plain-words.ts, too.
 */
import type { PlainWords } from './plain-words.ts'

/** What is shown instead of a secret. */
export const REDACTED = '***'

/** Words of a name that say "secret", as services call their parameters and fields. */
const SECRET_WORDS: ReadonlySet<string> = new Set(
  'token tokens key apikey accesskey secret secrets clientsecret password passwd passphrase passcode pass pwd pw auth authorization authentication authtoken accesstoken bearer credential credentials cookie session sessionid sid signature sig hmac jwt pin otp'.split(
    ' ',
  ),
)

/** Only places for what a client asks, such as `{key}`. */
const PLACES_ONLY = /^(?:\{[^{}]*\}|[@.,:;/+-])*$/

/** Credentials before the host of a URL (RFC 3986 section 3.2.1). */
const USERINFO = /([a-z][a-z0-9+.-]{0,20}:\/\/)([^/?#\s]*)@/gi

/** A parameter of a query with its mark, or one without a value, and a part of a path behind its slash. */
const PARAMETER = /([?&;#])(?:([^=&;#\s]+)=)?([^&;#\s]*)/g
const PART = /(?<=\/)[^/?#\s]+/g

/** A part of a path that no person has named: long, of letters and digits. Ours: 16 hex digits are 64 bits. */
const RANDOM_PART = /^(?=.*\d)(?=.*[a-z])[\w.~-]{16,}$/i

/** Returns whether something of this name is a secret: `api_key`, `X-Auth-Token`, `clientSecret`. */
export function isSecretName(name: string): boolean {
  if (name.includes('@')) return false // an address, which is what is asked
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
  return words.some((word) => SECRET_WORDS.has(word))
}

/** Returns whether a text of a secret name hides nothing, since it only says what is put there. */
export function isPlaces(text: string): boolean {
  return PLACES_ONLY.test(text)
}

/** Returns whether a text is long and random, as keys are. */
export function isRandom(text: string): boolean {
  return RANDOM_PART.test(text)
}

/** The address or path with `***` for its secrets. A text that is neither stays as it is. */
export function redactedAddress(text: string, plain?: PlainWords): string {
  return replaceInAddress(text, () => REDACTED, plain)
}

/**
 * The address or path with its secrets replaced: its user and password, what is behind a secret name, what is
 * random, and with `plain` every word that is not.
 *
 * @param replace Called with each of them.
 */
export function replaceInAddress(
  text: string,
  replace: (secret: string) => string,
  plain?: PlainWords,
): string {
  const socket = /^unix:[^:]*:?/.exec(text)?.[0] ?? ''
  const address = text.slice(socket.length)
  if (address === '') return text
  if (!address.startsWith('/') && !address.includes('://')) return plain?.replace(text, replace) ?? text
  const end = address.search(/[?#]/)
  const path = end === -1 ? address : address.slice(0, end)
  const query = end === -1 ? '' : address.slice(end)
  const userinfo = path.replace(USERINFO, (_, scheme: string, credentials: string) => {
    const hidden = credentials.split(':').map((part) => replace(part))
    return `${scheme}${hidden.join(':')}@`
  })
  return socket + pathReplaced(userinfo, replace, plain) + queryReplaced(query, replace, plain)
}

function pathReplaced(path: string, replace: (secret: string) => string, plain?: PlainWords): string {
  // Not the host: what is behind it is the path.
  const start = path.includes('://') ? path.indexOf('/', path.indexOf('://') + 3) : 0
  if (start === -1) return path
  let before = ''
  const parts = path.slice(start).replace(PART, (part) => {
    const hasPlace = part.includes('{')
    const isSecret = !isPlaces(part) && !hasPlace && (isSecretName(before) || isRandom(part))
    before = hasPlace ? '' : part
    if (isSecret) return replace(part)
    // A word that says so is itself no secret.
    return SECRET_WORDS.has(part.toLowerCase()) ? part : (plain?.replace(part, replace) ?? part)
  })
  return path.slice(0, start) + parts
}

function queryReplaced(query: string, replace: (secret: string) => string, plain?: PlainWords): string {
  return query.replace(PARAMETER, (whole, mark: string, name: string | undefined, value: string) => {
    if (name !== undefined && isSecretName(name) && !isPlaces(value))
      return `${mark}${name}=${replace(value)}`
    if (plain === undefined) return whole
    return `${mark}${name === undefined ? '' : `${name}=`}${plain.replace(value, replace)}`
  })
}
