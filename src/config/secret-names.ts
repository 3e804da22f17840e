/**
 * What is a secret by the name it has, or by the place in an address where it stands: a file may hold
 * one literally, in a query, a form, a JSON body or a path.
 */
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
const USERINFO = /([a-z][a-z0-9+.-]*:\/\/)([^/?#\s]*)@/gi

/** A parameter of a query, and a part of a path behind its slash. */
const PARAMETER = /([?&;])([^=&;#\s]+)=([^&;#\s]*)/g
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

/** The secrets that stand in an address or path. */
export function secretsInAddress(text: string): readonly string[] {
  const found: string[] = []
  replaceSecrets(text, (secret) => {
    found.push(secret)
    return secret
  })
  return found
}

/** The address or path with `***` for its secrets. A text that is neither stays as it is. */
export function redactedAddress(text: string): string {
  return replaceSecrets(text, () => REDACTED)
}

function replaceSecrets(text: string, replace: (secret: string) => string): string {
  if (!text.startsWith('/') && !text.includes('://')) return text
  const end = text.search(/[?#]/)
  const path = end === -1 ? text : text.slice(0, end)
  const query = end === -1 ? '' : text.slice(end)
  const userinfo = path.replace(USERINFO, (_, scheme: string, credentials: string) => {
    const hidden = credentials.split(':').map((part) => replace(part))
    return `${scheme}${hidden.join(':')}@`
  })
  return redactedPath(userinfo, replace) + redactedQuery(query, replace)
}

function redactedPath(path: string, replace: (secret: string) => string): string {
  // Not the host: what stands behind it is the path.
  const start = path.includes('://') ? path.indexOf('/', path.indexOf('://') + 3) : 0
  if (start === -1) return path
  let before = ''
  const parts = path.slice(start).replace(PART, (part) => {
    const isSecret =
      !isPlaces(part) && !part.includes('{') && (isSecretName(before) || RANDOM_PART.test(part))
    before = part.includes('{') ? '' : part
    return isSecret ? replace(part) : part
  })
  return path.slice(0, start) + parts
}

function redactedQuery(query: string, replace: (secret: string) => string): string {
  return query.replace(PARAMETER, (whole, mark: string, name: string, value: string) =>
    isSecretName(name) && !isPlaces(value) ? `${mark}${name}=${replace(value)}` : whole,
  )
}
