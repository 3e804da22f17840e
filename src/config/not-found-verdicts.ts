/**
 * What Postfix does with a wrong or old "not found", by main.cf parameter or restriction: may the last one
 * still count while the service fails?
 *
 *   harmless   yes: a wrong one does no more than what was done before
 *   proof      only for a key that another table, used by one of `proofs`, knows to be found
 *   operator   it means "the default holds", so a wrong one does what an old answer does; but mail may take the
 *              wrong way, so only by the operator's explicit word
 *   never      it bounces mail, lets somebody in, or sends in clear text
 *
 * Measured with Postfix 3.7.11, one table on one socketmap, and read in its sources: `src/smtpd/smtpd_check.c`,
 * `src/cleanup/cleanup_map1n.c`, `src/trivial-rewrite/resolve.c`, `src/smtp/smtp_tls_policy.c`,
 * `src/smtp/smtp_sasl_glue.c`. A parameter that is not here is not known, and counts as `never`.
 */

export interface NotFoundVerdict {
  readonly stale: 'harmless' | 'proof' | 'operator' | 'never'
  /** What a wrong "not found" does: the end of a sentence. */
  readonly harm: string
  /** With `proof`: the parameters whose table tells that a key is a mailbox, or a domain ours. */
  readonly proofs: readonly string[]
  /** Postfix ignores the value: found is found, by whatever key. */
  readonly isExistence: boolean
  /** In an outage the check or copy may be missed instead of the mail, by the operator's word. */
  readonly mayBeMissed: boolean
}

const NEVER: Omit<NotFoundVerdict, 'harm'> = {
  stale: 'never',
  proofs: [],
  isExistence: false,
  mayBeMissed: false,
}

const RECIPIENTS = ['virtual_mailbox_maps', 'relay_recipient_maps', 'local_recipient_maps']

function never(harm: string): NotFoundVerdict {
  return { ...NEVER, harm }
}

/** The value is ignored; "not found" rejects. */
function existence(harm: string): NotFoundVerdict {
  return { ...NEVER, harm, isExistence: true }
}

function proof(proofs: readonly string[], harm: string): NotFoundVerdict {
  return { ...NEVER, stale: 'proof', proofs, harm }
}

function operator(harm: string): NotFoundVerdict {
  return { ...NEVER, stale: 'operator', harm }
}

const REJECTED = 'Postfix rejects the recipient'
const NO_DOMAIN = 'Postfix rejects mail for the domain, or sends it away'
const ACCESS: NotFoundVerdict = {
  ...NEVER,
  harm: 'a denied client is let in, or an allowed one is refused',
  mayBeMissed: true,
}

const NO_SESSIONS = 'mapgate takes no TLS sessions'

/** Every access(5) restriction, by name. */
const ACCESS_CHECK = /^check_\w+_access$/

const VERDICTS: ReadonlyMap<string, NotFoundVerdict> = new Map([
  ['virtual_alias_maps', proof(RECIPIENTS, 'Postfix rejects or bounces mail for an alias')],
  ['virtual_alias_domains', { ...proof(['virtual_mailbox_domains'], NO_DOMAIN), isExistence: true }],
  [
    'mydestination',
    {
      ...proof(['virtual_mailbox_domains', 'virtual_alias_domains', 'relay_domains'], NO_DOMAIN),
      isExistence: true,
    },
  ],
  ['virtual_mailbox_domains', { ...proof(['relay_domains'], NO_DOMAIN), isExistence: true }],
  ['relay_domains', existence(NO_DOMAIN)],
  ['virtual_mailbox_maps', existence(REJECTED)],
  ['relay_recipient_maps', existence(REJECTED)],
  ['local_recipient_maps', existence(REJECTED)],
  ['canonical_maps', proof(['virtual_mailbox_maps'], 'Postfix rejects or bounces mail for a rewritten name')],
  [
    'recipient_canonical_maps',
    proof(['virtual_mailbox_maps'], 'Postfix rejects or bounces mail for a rewritten name'),
  ],
  ['sender_canonical_maps', proof(['virtual_mailbox_maps'], 'an internal sender name leaves and is refused')],
  ['smtp_generic_maps', proof(['virtual_mailbox_maps'], 'an internal sender name leaves and is refused')],
  ['relocated_maps', { ...NEVER, stale: 'harmless', harm: 'a moved mailbox is refused with another text' }],
  ['transport_maps', operator('mail goes by the default transport, and its backend may bounce it')],
  ['sender_dependent_relayhost_maps', operator('mail goes by the default relay, which may refuse it')],
  [
    'sender_dependent_default_transport_maps',
    operator('mail goes by the default transport, which may refuse it'),
  ],
  ['sender_bcc_maps', { ...operator('the copy is lost for ever'), mayBeMissed: true }],
  ['recipient_bcc_maps', { ...operator('the copy is lost for ever'), mayBeMissed: true }],
  [
    'smtpd_sender_login_maps',
    never('somebody sends in the name of another, or the owner of an address is refused'),
  ],
  ['smtp_tls_policy_maps', never('mail is sent in clear text where TLS was demanded')],
  ['smtp_sasl_password_maps', never('the relay refuses mail that does not log in, and it bounces')],
  ['address_verify_map', never('verify(8) asks for the address again')],
  ['postscreen_cache_map', never('postscreen(8) tests the client again')],
  ['smtpd_tls_session_cache_database', never(NO_SESSIONS)],
  ['smtp_tls_session_cache_database', never(NO_SESSIONS)],
  ['lmtp_tls_session_cache_database', never(NO_SESSIONS)],
  ['alias_maps', never('local(8) does not accept such a table')],
  ['virtual_uid_maps', never('virtual(8) does not accept such a table')],
  ['virtual_gid_maps', never('virtual(8) does not accept such a table')],
])

/** The verdict for one parameter; undefined for one that mapgate does not know. */
export function notFoundVerdict(parameter: string): NotFoundVerdict | undefined {
  return VERDICTS.get(parameter) ?? (ACCESS_CHECK.test(parameter) ? ACCESS : undefined)
}

/** What decides the class of a domain, in the order in which Postfix looks. Source: `src/trivial-rewrite/resolve.c`. */
const CLASSES = ['mydestination', 'virtual_alias_domains', 'virtual_mailbox_domains', 'relay_domains']

const CLASS_OF_RECIPIENTS: ReadonlyMap<string, string> = new Map([
  ['local_recipient_maps', 'mydestination'],
  ['virtual_mailbox_maps', 'virtual_mailbox_domains'],
  ['relay_recipient_maps', 'relay_domains'],
])

/** The parameters that make a domain one whose recipients these tables list, and those that Postfix looks at before. */
export function domainClasses(usedBy: readonly string[]): {
  readonly own: readonly string[]
  readonly other: readonly string[]
} {
  const own = usedBy.flatMap((use) => CLASS_OF_RECIPIENTS.get(use) ?? [])
  // Recipients of several classes: no other class is wrong for all of them.
  const [only] = own.length === 1 ? own : []
  return { own, other: only === undefined ? [] : CLASSES.slice(0, CLASSES.indexOf(only)) }
}

/** Returns whether Postfix ignores the values of a table, whatever uses it. */
export function isExistenceTable(usedBy: readonly string[]): boolean {
  return usedBy.length > 0 && usedBy.every((use) => notFoundVerdict(use)?.isExistence === true)
}
