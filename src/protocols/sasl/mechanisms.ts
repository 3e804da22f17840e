/**
 * The mechanisms by which somebody logs in: what the client's messages say, step by step. Pure.
 *
 *   PLAIN         authzid NUL user NUL password                          RFC 4616
 *   LOGIN         the user, then the password, each to a challenge       draft-murchison-sasl-login
 *   XOAUTH2       "user=" user ^A "auth=Bearer " token ^A ^A             Google, "XOAUTH2 Mechanism"
 *   OAUTHBEARER   "n,a=" user "," ^A ... "auth=Bearer " token ^A ^A      RFC 7628 section 3.1
 *
 * What cannot be read, names nobody or asks to act for somebody else is refused: no service is asked.
 */
import { isUtf8 } from 'node:buffer'

/** Who the client says it is, and how it proves it. */
export interface Credentials {
  /** '' where the token alone says it. */
  readonly user: string
  /** '' for a token. */
  readonly password: string
  /** '' for a password. */
  readonly token: string
}

/** What comes of one message. */
type MechanismStep =
  /** Base64 of what the client is asked next. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'credentials'; readonly credentials: Credentials }
  | { readonly kind: 'refused' }

/** One login that has begun. */
export interface Mechanism {
  /** @param message Undefined: the client has sent no initial response. */
  next(message: Buffer | undefined): MechanismStep
}

/** What is known of a mechanism. */
interface MechanismKind {
  readonly begin: () => Mechanism
  /**
   * What a client is told, base64, before its token is refused; it answers once more. RFC 7628 section 3.2.2 and Google's
   * "XOAUTH2 Mechanism".
   */
  readonly refusal?: string
}

export const MECHANISM_NAMES = ['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER'] as const

export type MechanismName = (typeof MECHANISM_NAMES)[number]

export const MECHANISMS: Readonly<Record<MechanismName, MechanismKind>> = {
  PLAIN: { begin: () => whole(readPlain) },
  LOGIN: { begin: () => new Login() },
  XOAUTH2: {
    begin: () => whole(readXoauth2),
    refusal: base64('{"status":"401","schemes":"bearer","scope":"mail"}'),
  },
  OAUTHBEARER: { begin: () => whole(readOauthBearer), refusal: base64('{"status":"invalid_token"}') },
}

/** The mechanism that a client means: names are compared without case. */
export function mechanismName(text: string): MechanismName | undefined {
  const upper = text.toUpperCase()
  return MECHANISM_NAMES.find((name) => name === upper)
}

/** Longest message, in bytes. Source: smtpd_sasl_response_limit is 12288 base64 characters. */
const MAX_MESSAGE_BYTES = 9216

const REFUSED: MechanismStep = { kind: 'refused' }
const EMPTY_CHALLENGE: MechanismStep = { kind: 'challenge', challenge: '' }
/** As Dovecot asks; old clients compare them. */
const ASK_USER: MechanismStep = { kind: 'challenge', challenge: base64('Username:') }
const ASK_PASSWORD: MechanismStep = { kind: 'challenge', challenge: base64('Password:') }

const NUL = '\0'

/** A mechanism of one message, which comes with the request or after an empty challenge. */
function whole(read: (message: string) => Credentials | undefined): Mechanism {
  return { next: (message) => (message === undefined ? EMPTY_CHALLENGE : stepOf(textOf(message), read)) }
}

class Login implements Mechanism {
  #user: string | undefined

  next(message: Buffer | undefined): MechanismStep {
    if (message === undefined) return ASK_USER
    const user = this.#user
    const text = textOf(message)
    if (user !== undefined) return stepOf(text, (password) => byPassword(user, password))
    if (text === undefined) return REFUSED
    this.#user = text
    return ASK_PASSWORD
  }
}

function stepOf(text: string | undefined, read: (text: string) => Credentials | undefined): MechanismStep {
  const credentials = text === undefined ? undefined : read(text)
  return credentials === undefined ? REFUSED : { kind: 'credentials', credentials }
}

function readPlain(message: string): Credentials | undefined {
  const [authzid = '', user = '', password = '', ...others] = message.split(NUL)
  // To act for somebody else needs a right that nobody here can give.
  const isForSelf = authzid === '' || authzid === user
  return isForSelf && others.length === 0 ? byPassword(user, password) : undefined
}

function readXoauth2(message: string): Credentials | undefined {
  const [, user, token] = XOAUTH2_MESSAGE.exec(message) ?? []
  return user === undefined || user === '' ? undefined : byToken(user, token)
}

function readOauthBearer(message: string): Credentials | undefined {
  const [, user = '', fields = ''] = OAUTHBEARER_MESSAGE.exec(message) ?? []
  const [, token] = BEARER.exec(fields) ?? []
  // RFC 5801 section 4: a comma and an equals sign in a name are written so.
  return byToken(user.replaceAll('=2C', ',').replaceAll('=3D', '='), token)
}

const XOAUTH2_MESSAGE = /^user=([^\x01]*)\x01auth=Bearer ([^\x01]+)\x01\x01$/i
const OAUTHBEARER_MESSAGE = /^[ny],(?:a=([^,\x01]*))?,\x01((?:[^\x01]+\x01)+)\x01$/
const BEARER = /(?:^|\x01)auth=Bearer ([^\x01]+)\x01/i

/** In a name, a line end or a separator would make another name of it for whoever reads it. */
const CONTROL = /[\x00-\x1f\x7f]/

function byPassword(user: string, password: string): Credentials | undefined {
  if (user === '' || password === '' || CONTROL.test(user) || password.includes(NUL)) return undefined
  return { user, password, token: '' }
}

/** RFC 6750 section 2.1: a token is printable. */
function byToken(user: string, token: string | undefined): Credentials | undefined {
  if (token === undefined || CONTROL.test(user) || !/^[\x21-\x7e]+$/.test(token)) return undefined
  return { user, password: '', token }
}

/** Undefined for what is no text: with U+FFFD for some of its bytes it would be another password. */
function textOf(message: Buffer): string | undefined {
  return message.length <= MAX_MESSAGE_BYTES && isUtf8(message) ? message.toString('utf8') : undefined
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
