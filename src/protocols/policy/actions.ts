/**
 * The actions that a policy service may answer: a closed grammar, checked before anything leaves.
 *
 *   answer       = action [ SP text ] / code SP text / restriction *( "," restriction )
 *   code         = ( "4" / "5" ) DIGIT DIGIT
 *
 * smtpd(8) takes an empty action and one of nothing but digits for a permission, so that mail is relayed for anybody, and
 * an unknown word or a name with a colon for a mistake in its configuration. None of them is ever sent.
 *
 * Sources: access(5); Postfix `src/smtpd/smtpd_check.c`, check_table_result. RFC 5321 section 4.2: replies are ASCII.
 */

/**
 * Longest answer, in bytes. Ours: smtpd puts any length into one reply line, and a client need not read more than
 * 512 bytes of it (RFC 5321 section 4.5.3.1.5); the address of the recipient is before it.
 */
const MAX_ACTION_BYTES = 400

/** What an answer does, in a word: a closed set, for it is a metric label. */
export type ActionKind =
  | 'dunno'
  | 'permit'
  | 'reject'
  | 'defer'
  | 'defer_if_permit'
  | 'defer_if_reject'
  | 'prepend'
  | 'redirect'
  | 'bcc'
  | 'filter'
  | 'hold'
  | 'discard'
  | 'warn'
  | 'info'
  | 'hangup'
  | 'restriction'
  | 'unknown' // nobody knows: the mail waits

/** What is behind an action. */
interface Rule {
  readonly kind: ActionKind
  /** `none`: it is ignored by smtpd, and not sent. */
  readonly text: 'none' | 'any' | RegExp
}

/** A header field, RFC 5322 section 2.2. */
const HEADER = /^[\x21-\x39\x3b-\x7e]+: ?\S/
const ADDRESS = /^[^\s@]+@\S+$/
/** A transport of master.cf and its next hop, perhaps none. */
const TRANSPORT = /^[A-Za-z0-9_-]+:\S*$/

const ACTIONS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['DUNNO', { kind: 'dunno', text: 'none' }],
  ['OK', { kind: 'permit', text: 'none' }],
  ['RELAY', { kind: 'permit', text: 'none' }],
  ['PERMIT', { kind: 'permit', text: 'none' }],
  ['REJECT', { kind: 'reject', text: 'any' }],
  ['DEFER', { kind: 'defer', text: 'any' }],
  ['DEFER_IF_PERMIT', { kind: 'defer_if_permit', text: 'any' }],
  ['DEFER_IF_REJECT', { kind: 'defer_if_reject', text: 'any' }],
  ['PREPEND', { kind: 'prepend', text: HEADER }],
  ['REDIRECT', { kind: 'redirect', text: ADDRESS }],
  ['BCC', { kind: 'bcc', text: ADDRESS }],
  ['FILTER', { kind: 'filter', text: TRANSPORT }],
  ['HOLD', { kind: 'hold', text: 'any' }],
  ['DISCARD', { kind: 'discard', text: 'any' }],
  ['WARN', { kind: 'warn', text: 'any' }],
  ['INFO', { kind: 'info', text: 'any' }],
  ['HANGUP', { kind: 'hangup', text: 'none' }],
])

/** A reply code of the service's own; smtpd needs a text behind it. */
const CODE = /^[45][0-9][0-9]$/

/** Names of postconf(5) that take nothing behind them. */
const RESTRICTIONS: ReadonlySet<string> = new Set([
  'defer',
  'defer_if_permit',
  'defer_if_reject',
  'defer_unauth_destination',
  'permit',
  'permit_auth_destination',
  'permit_inet_interfaces',
  'permit_mynetworks',
  'permit_sasl_authenticated',
  'permit_tls_all_clientcerts',
  'permit_tls_clientcerts',
  'reject',
  'reject_authenticated_sender_login_mismatch',
  'reject_invalid_helo_hostname',
  'reject_known_sender_login_mismatch',
  'reject_multi_recipient_bounce',
  'reject_non_fqdn_helo_hostname',
  'reject_non_fqdn_recipient',
  'reject_non_fqdn_sender',
  'reject_plaintext_session',
  'reject_sender_login_mismatch',
  'reject_unauth_destination',
  'reject_unauth_pipelining',
  'reject_unauthenticated_sender_login_mismatch',
  'reject_unknown_client_hostname',
  'reject_unknown_forward_client_hostname',
  'reject_unknown_helo_hostname',
  'reject_unknown_recipient_domain',
  'reject_unknown_reverse_client_hostname',
  'reject_unknown_sender_domain',
  'reject_unlisted_recipient',
  'reject_unlisted_sender',
  'reject_unverified_recipient',
  'reject_unverified_sender',
  'warn_if_reject',
])

/** An answer that may leave. */
interface Action {
  readonly kind: ActionKind
  /** As it is sent: the action in capital letters, one blank, its text. */
  readonly text: string
}

/** Why one may not. */
export type Refusal = 'too-long' | 'not-an-action'

/** Reads the answer of a service. */
export function readAction(answer: string): Action | Refusal {
  if (answer.length > MAX_ACTION_BYTES) return 'too-long'
  if (!/^[\x20-\x7e\t]*$/.test(answer)) return 'not-an-action'
  const [word = '', text = ''] = split(answer)
  const action = word.toUpperCase()
  const rule = ACTIONS.get(action)
  // Without a text some words are restrictions, too; they do the same.
  if (rule !== undefined) return readText(action, rule, text)
  if (CODE.test(word)) {
    if (text === '') return 'not-an-action'
    return { kind: word.startsWith('4') ? 'defer' : 'reject', text: `${word} ${text}` }
  }
  return readRestrictions(answer)
}

function readText(action: string, { kind, text: expected }: Rule, text: string): Action | Refusal {
  if (expected === 'none') return { kind, text: action }
  if (expected !== 'any' && !expected.test(text)) return 'not-an-action'
  return { kind, text: text === '' ? action : `${action} ${text}` }
}

/** Restrictions in order, each by its own name: nothing that looks into a table or asks another service. */
function readRestrictions(answer: string): Action | Refusal {
  const words = answer
    .trim()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  const isKnown = words.every((word, index) => {
    const name = word.toLowerCase()
    if (RESTRICTIONS.has(name)) return true
    return name === 'sleep'
      ? /^[0-9]$/.test(words[index + 1] ?? '')
      : /^[0-9]$/.test(word) && isSleep(words[index - 1])
  })
  if (words.length === 0 || !isKnown) return 'not-an-action'
  // With its commas: without them the first word could be taken for an action, and the others for its text.
  return { kind: 'restriction', text: answer.trim().replace(/\s+/g, ' ') }
}

function isSleep(word: string | undefined): boolean {
  return word?.toLowerCase() === 'sleep'
}

/** The first word, and what is behind it. */
function split(answer: string): readonly string[] {
  return /^\s*(\S+)\s*(.*?)\s*$/.exec(answer)?.slice(1) ?? []
}
