/**
 * The main.cf parameters and restrictions that use lookup tables: how Postfix searches there,
 * whether it puts extensions back, and what a wrong "not found" does.
 *
 * Sources: postconf(5) (`propagate_unmatched_extensions` is `canonical, virtual` by default),
 * virtual(5), canonical(5), relocated(5), transport(5), access(5), and Postfix
 * `src/global/mail_addr_find.c`.
 */
import type { SearchKind } from '../core/search/search-keys.ts'

/** What Postfix does where a parameter uses a table. */
export interface PostfixParameter {
  readonly search: SearchKind
  readonly propagateExtension: boolean
  /** True when a wrong "not found" makes Postfix reject or return mail. */
  readonly notFoundRejects: boolean
  /** Restriction list that holds it, for `check_..._access`: not a parameter of its own. */
  readonly restrictionList?: string
  /** Postfix writes the table. */
  readonly isWritten?: boolean
  /** Set where Postfix accepts no table that a server answers: why, and what instead. */
  readonly refused?: string
  /** Set where mapgate does not take the table: why, and what instead. */
  readonly forbidden?: string
}

const DOMAIN_LIST: PostfixParameter = { search: 'exact', propagateExtension: false, notFoundRejects: true }
const REWRITE: PostfixParameter = { search: 'address', propagateExtension: true, notFoundRejects: false }
const RECIPIENTS: PostfixParameter = { search: 'address', propagateExtension: false, notFoundRejects: true }
const BY_ADDRESS: PostfixParameter = { search: 'address', propagateExtension: false, notFoundRejects: false }
const EXACT: PostfixParameter = { search: 'exact', propagateExtension: false, notFoundRejects: false }

/** An access(5) table: "not found" means that the restriction says nothing. */
function access(search: SearchKind, restrictionList: string): PostfixParameter {
  return { search, propagateExtension: false, notFoundRejects: false, restrictionList }
}

/** A table that an agent reads for security-sensitive data: none that a server answers (DICT_FLAG_NO_UNAUTH, DICT_FLAG_NO_PROXY). */
function refused(agent: string): PostfixParameter {
  return { ...EXACT, refused: `${agent} refuses every table that a server answers; use a local file` }
}

/** Entries are keys of TLS sessions, with which recorded traffic can be read. */
function tlsSessions(): PostfixParameter {
  return {
    ...EXACT,
    forbidden: 'its entries are keys of TLS sessions, which belong to one machine; use a file',
  }
}

/** By name. */
export const POSTFIX_PARAMETERS: ReadonlyMap<string, PostfixParameter> = new Map([
  ['virtual_alias_maps', { ...REWRITE, notFoundRejects: true }],
  ['virtual_alias_domains', DOMAIN_LIST],
  ['virtual_mailbox_domains', DOMAIN_LIST],
  ['virtual_mailbox_maps', RECIPIENTS],
  ['relay_domains', DOMAIN_LIST],
  ['mydestination', DOMAIN_LIST],
  ['relay_recipient_maps', RECIPIENTS],
  ['local_recipient_maps', RECIPIENTS],
  ['relocated_maps', RECIPIENTS],
  ['canonical_maps', REWRITE],
  ['sender_canonical_maps', REWRITE],
  ['recipient_canonical_maps', REWRITE],
  ['smtp_generic_maps', BY_ADDRESS],
  ['sender_bcc_maps', BY_ADDRESS],
  ['recipient_bcc_maps', BY_ADDRESS],
  // reject_sender_login_mismatch refuses who is not listed.
  ['smtpd_sender_login_maps', RECIPIENTS],
  // Without its route a domain goes where its MX points: back here, or nowhere.
  ['transport_maps', { search: 'transport', propagateExtension: false, notFoundRejects: true }],
  ['sender_dependent_relayhost_maps', BY_ADDRESS],
  ['sender_dependent_default_transport_maps', BY_ADDRESS],
  // smtp(8) asks for the parents of a domain itself.
  ['smtp_tls_policy_maps', EXACT],
  ['smtp_sasl_password_maps', EXACT],
  ['check_client_access', access('access-client', 'smtpd_client_restrictions')],
  ['check_reverse_client_hostname_access', access('access-client', 'smtpd_client_restrictions')],
  ['check_client_ns_access', access('access-client', 'smtpd_client_restrictions')],
  ['check_client_mx_access', access('access-client', 'smtpd_client_restrictions')],
  ['check_helo_access', access('access-client', 'smtpd_helo_restrictions')],
  ['check_helo_ns_access', access('access-client', 'smtpd_helo_restrictions')],
  ['check_helo_mx_access', access('access-client', 'smtpd_helo_restrictions')],
  ['check_sender_access', access('access-address', 'smtpd_sender_restrictions')],
  ['check_sender_ns_access', access('access-client', 'smtpd_sender_restrictions')],
  ['check_sender_mx_access', access('access-client', 'smtpd_sender_restrictions')],
  ['check_recipient_access', access('access-address', 'smtpd_recipient_restrictions')],
  ['check_recipient_ns_access', access('access-client', 'smtpd_recipient_restrictions')],
  ['check_recipient_mx_access', access('access-client', 'smtpd_recipient_restrictions')],
  ['check_etrn_access', access('access-client', 'smtpd_etrn_restrictions')],
  ['check_sasl_access', access('exact', 'smtpd_sender_restrictions')],
  ['check_ccert_access', access('exact', 'smtpd_client_restrictions')],
  // Written by Postfix: a store.
  ['address_verify_map', { ...EXACT, isWritten: true }],
  ['postscreen_cache_map', { ...EXACT, isWritten: true }],
  ['smtpd_tls_session_cache_database', tlsSessions()],
  ['smtp_tls_session_cache_database', tlsSessions()],
  ['lmtp_tls_session_cache_database', tlsSessions()],
  ['alias_maps', refused('local(8)')],
  ['virtual_uid_maps', refused('virtual(8)')],
  ['virtual_gid_maps', refused('virtual(8)')],
])
