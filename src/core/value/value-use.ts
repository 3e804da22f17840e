/**
 * What Postfix can mean by a value, by the parameters that use the table. Pure.
 *
 * | used as | a value is | source |
 * | --- | --- | --- |
 * | addresses | addresses, bare names, `@domain`, commands; by commas or blanks | virtual(5), canonical(5), generic(5), postconf(5) for bcc and logins |
 * | transport | `transport:nexthop`, either part alone | transport(5) |
 * | relayhost | next hops, or DUNNO | postconf(5) sender_dependent_relayhost_maps |
 * | tls | a level and attributes | postconf(5) smtp_tls_policy_maps |
 * | access | an action, a number, or restrictions | access(5) |
 * | existence | anything but a "no": Postfix looks only whether it is there | postconf(5) |
 * | any | anything | passwords, relocated(5), parameters not known |
 * | unknown | what one of the uses above could mean, but for `any` | no parameter is named |
 *
 * What nothing selects out of a body is a value only if it cannot be taken for a report of the service: `bare-value.ts`.
 *
 * A table with several uses may have a value of any of them. Wrong for one is harmless; refused for all, mail would wait.
 */
export type ValueUse =
  | 'addresses'
  | 'transport'
  | 'relayhost'
  | 'tls'
  | 'access'
  | 'existence'
  | 'any'
  | 'unknown'

const USES: Readonly<Record<string, ValueUse>> = {
  virtual_alias_maps: 'addresses',
  canonical_maps: 'addresses',
  sender_canonical_maps: 'addresses',
  recipient_canonical_maps: 'addresses',
  smtp_generic_maps: 'addresses',
  sender_bcc_maps: 'addresses',
  recipient_bcc_maps: 'addresses',
  smtpd_sender_login_maps: 'addresses',
  transport_maps: 'transport',
  sender_dependent_default_transport_maps: 'transport',
  sender_dependent_relayhost_maps: 'relayhost',
  smtp_tls_policy_maps: 'tls',
  virtual_alias_domains: 'existence',
  virtual_mailbox_domains: 'existence',
  virtual_mailbox_maps: 'existence',
  relay_domains: 'existence',
  mydestination: 'existence',
  relay_recipient_maps: 'existence',
  local_recipient_maps: 'existence',
}

/** Single words by which programs report, and no part of a mail system goes. */
const REPORTS = new Set(
  `ok okay success successful succeeded error errors err fail failed failure exception invalid denied forbidden unauthorized
  unauthorised unavailable timeout notfound not_found not-found n/a none null undefined yes no pong up down alive healthy unhealthy
  running maintenance empty`.split(/\s+/),
)

/** Words of sentences: beside another bare name they show that nobody listed names. */
const SENTENCE = new Set(
  `not found no such is are was were the a an of to for in on at and or has have be been user server internal bad gateway request
  response message status code please try again cannot could unable permission access service connection database query missing
  required resource page unknown existing exist exists does nothing empty timed out limit exceeded rate quota upstream expired
  token key api function async only login log we it you sorry down up maintenance hello world welcome works rows row`.split(
    /\s+/,
  ),
)

/** Any of them, in a text of several words, says that something is not so. */
const NEGATIVE =
  /\b(?:no|not|found|errors?|failed|failure|such|is|are|was|were|cannot|could|unable|denied|down|maintenance|required|invalid|unknown|missing|exception|unavailable|please|try|expired|exceeded|redirecting|welcome)\b/i

/** The name of an error of the system: `ECONNREFUSED`. */
const ERRNO = /^E[A-Z]{4,}$/

const LEVEL = /^(?:none|may|encrypt|dane|dane-only|half-dane|fingerprint|verify|secure)(?:[\s,:;]|$)/i

const ACTION =
  /^(?:\d+|ok|reject|defer|defer_if_reject|defer_if_permit|discard|dunno|filter|hold|info|prepend|redirect|warn|bcc|strip|sleep|permit|(?:permit|reject|defer|warn|check)_\w+)(?:[\s,]|$)/i

/** To its end, or to that of the text: so it is looked for once. */
const QUOTED = /"(?:[^"\\]|\\.)*"?/g

/** A domain literal, `user@[192.0.2.1]`. */
const LITERAL = /@\[[^\][\s]+\]/g

/** The uses of the parameters, each once and in order; `any` for one that is not known, `unknown` where none is given. */
export function usesOf(parameters: readonly string[]): readonly ValueUse[] {
  if (parameters.length === 0) return ['unknown']
  const uses = parameters.map((name) => USES[name] ?? (/^check_\w+_access$/.test(name) ? 'access' : 'any'))
  return [...new Set(uses)].sort()
}

/** Returns whether Postfix can mean a value by one of the uses. */
export function isMeantBy(value: string, uses: readonly ValueUse[]): boolean {
  return uses.some((use) => CAN_MEAN[use](value))
}

const NEXT_HOP = /^\[?[\p{L}\p{M}\d._:-]+\]?(?::[\w-]+)?$/u

/** No local part has a colon outside of quotes (RFC 5322 section 3.2.3); what is quoted, and a literal, has become a name before. */
const ADDRESS = /^<?[^@:;<>()[\]]*@(?!\.|[^@]*\.\.)[\p{L}\p{M}\p{N}._-]+>?(?:\([^()]*\))?$/u

const CAN_MEAN: Readonly<Record<ValueUse, (value: string) => boolean>> = {
  any: () => true,
  unknown: (value) => KNOWN_USES.some((use) => CAN_MEAN[use](value)),
  existence: (value) => isAffirmative(value),
  addresses: (value) => {
    const parts = partsOf(value)
    return parts.length > 0 && parts.every(isAddressPart)
  },
  transport: (value) =>
    /^:|^[\w.-]+:/.test(value) || (/^[\w.-]+$/.test(value) && /[a-z]/i.test(value) && !isReport(value)),
  relayhost: (value) => {
    const hops = value.split(/[\s,]+/)
    return (
      hops.every((hop) => NEXT_HOP.test(hop) && !/^[\d-]+$/.test(hop) && !isReport(hop)) &&
      (hops.length === 1 || hops.every((hop) => /[.:[]/.test(hop)))
    )
  },
  tls: (value) => LEVEL.test(value),
  access: (value) => ACTION.test(value) || isRestrictions(value),
}

/** Most values are one word and no report, which `existence` sees first. */
const KNOWN_USES: readonly ValueUse[] = ['existence', 'addresses', 'transport', 'relayhost', 'tls', 'access']

function isReport(word: string): boolean {
  return REPORTS.has(word.toLowerCase()) || ERRNO.test(word)
}

function isAffirmative(value: string): boolean {
  const word = value.toLowerCase()
  if (/\s/.test(word)) return !NEGATIVE.test(word)
  if (/^(?:[0fn?*-]|off)$/.test(word)) return false
  return !isReport(value) || /^(?:ok|okay|success|successful|succeeded|yes)$/.test(word)
}

/** Names of restrictions and classes, and tables such as `hash:/etc/x` behind them. */
function isRestrictions(value: string): boolean {
  const words = value.split(/[\s,]+/)
  if (words.length === 1) return /^[a-z_][\w-]*$/i.test(value) && !isReport(value)
  // Without a comma or a name such as `permit_mynetworks` it may be any sentence.
  if (!value.includes(',') && !words.some((word) => word.includes('_'))) return false
  return words.every((word) => /^[a-z]\w*(?:[:-]\S*)?$/.test(word) && !isReport(word) && !SENTENCE.has(word))
}

/** Split at commas outside of quotes. */
function partsOf(value: string): readonly string[] {
  return value
    .replace(QUOTED, (text) => (text.length > 1 && text.endsWith('"') ? 'quoted' : ';'))
    .replace(LITERAL, '@literal')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function isAddressPart(part: string): boolean {
  // A command, a file or an included list (aliases(5)); a name with an address.
  if (/^(?:\||\/\S|:include:)/.test(part) || /^[^<>{}[\];]*<[^<>\s]*>$/.test(part)) return true
  if (/[{}[\];`]/.test(part) || /^'|'$/.test(part)) return false
  const words = part.split(/\s+/)
  if (words.some((word) => word.includes('@') && !ADDRESS.test(word))) return false
  const bare = words.filter((word) => !word.includes('@') && !/^\(.*\)$/.test(word))
  if (words.length === 1) return bare.length === 0 || (!isReport(part) && !/^-|[():=]|[!?.]$/.test(part))
  if (words.length > bare.length) return bare.length < 2
  return bare.every((word) => /^[a-z\d][a-z\d._+-]*$/.test(word) && !SENTENCE.has(word) && !isReport(word))
}
