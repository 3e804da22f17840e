/**
 * The lines of the Dovecot authentication protocol: what smtpd(8) sends, and what it reads. Pure.
 *
 *   handshake  S: VERSION, MECH ..., SPID, CUID, COOKIE, DONE     C: VERSION, CPID      both at once
 *   request    "AUTH" TAB id TAB mechanism *( TAB parameter ) [ TAB "resp=" base64 ]
 *   challenge  "CONT" TAB id TAB base64                           the client answers likewise
 *   success    "OK" TAB id TAB "user=" name
 *   refusal    "FAIL" TAB id TAB "reason=" text                   535: the password is wrong
 *
 * Source: Dovecot "Authentication Protocol v1.2". Peer: Postfix `src/xsasl/xsasl_dovecot_server.c`
 */

/** A request to log in. */
export interface AuthRequest {
  readonly id: string
  readonly mechanism: string
  /** By name; '' for one without a value. */
  readonly parameters: ReadonlyMap<string, string>
}

const ID = /^[0-9]{1,10}$/
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Reads what follows the word AUTH; undefined for what is no request. */
export function readAuth([id = '', mechanism = '', ...parameters]: readonly string[]):
  | AuthRequest
  | undefined {
  if (!ID.test(id) || mechanism === '') return undefined
  return { id, mechanism, parameters: new Map(parameters.map(nameAndValue)) }
}

/** The bytes of a client's message; undefined for what is no base64. */
export function readResponse(text: string): Buffer | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}

/** All at once at the start, as Dovecot sends it: smtpd reads it whenever it likes. */
export function handshake(mechanisms: readonly string[], random: () => number): string {
  // Each brings the password or a token to this side as it is: smtpd's noplaintext leaves them out.
  const offered = Array.from(new Set(mechanisms), (name) => `MECH\t${name}\tplaintext\n`).join('')
  const cookie = Array.from({ length: COOKIE_DIGITS }, () => digit(random)).join('')
  return `VERSION\t1\t2\n${offered}SPID\t1\nCUID\t1\nCOOKIE\t${cookie}\nDONE\n`
}

export function challenge(id: string, base64: string): string {
  return `CONT\t${id}\t${base64}\n`
}

export function success(id: string, user: string): string {
  return `OK\t${id}\tuser=${user}\n`
}

/** The text is read by a person at a mail program. */
export function failure(id: string): string {
  return `FAIL\t${id}\treason=Wrong user name, password or token\n`
}

/** Hex digits. Source: Dovecot has 128 bits there. */
const COOKIE_DIGITS = 32

function digit(random: () => number): string {
  return Math.floor(random() * 16).toString(16)
}

/** The value begins behind the first equals sign: base64 may end with others. */
function nameAndValue(parameter: string): [string, string] {
  const equals = parameter.indexOf('=')
  return equals === -1 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)]
}
