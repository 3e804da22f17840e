/**
 * What smtpd(8) says in a request: the names, and which of the values may be empty. Pure.
 *
 * Source: SMTPD_POLICY_README; Postfix 3.12 `src/smtpd/smtpd_check.c`, check_policy_service, in its order.
 */

export const ATTRIBUTES = [
  'request',
  'protocol_state',
  'protocol_name',
  'client_address',
  'client_name',
  'client_port',
  'reverse_client_name',
  'server_address',
  'server_port',
  'helo_name',
  'sender',
  'recipient',
  'recipient_count',
  'queue_id',
  'instance',
  'size',
  'etrn_domain',
  'stress',
  'sasl_method',
  'sasl_username',
  'sasl_sender',
  'ccert_subject',
  'ccert_issuer',
  'ccert_fingerprint',
  'ccert_pubkey_fingerprint',
  'encryption_protocol',
  'encryption_cipher',
  'encryption_keysize',
  'tls_sni',
  'policy_context',
  'compatibility_level',
  'mail_version',
]

/** Empty, each of these says something: no login, no certificate, no TLS, no stress. */
const EMPTY_SAYS: ReadonlySet<string> = new Set([
  'etrn_domain',
  'stress',
  'sasl_method',
  'sasl_username',
  'sasl_sender',
  'ccert_subject',
  'ccert_issuer',
  'ccert_fingerprint',
  'ccert_pubkey_fingerprint',
  'encryption_protocol',
  'encryption_cipher',
  'tls_sni',
  'policy_context',
])

/** Those that are empty for some mail, or at some commands. The sender of a bounce is. */
export const MAY_BE_EMPTY: readonly string[] = [
  'helo_name',
  'sender',
  'recipient',
  'queue_id',
  'instance',
  ...EMPTY_SAYS,
]

/** The commands at which an empty sender is that of a bounce, and not one that nobody has named yet. */
const AFTER_MAIL: ReadonlySet<string> = new Set(['MAIL', 'RCPT', 'DATA', 'BDAT', 'END-OF-MESSAGE'])

/** The attributes whose empty value says nothing: two requests that have it have nothing in common. */
export function unknownIn(shown: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const state = shown.find(([name]) => name === 'protocol_state')?.[1] ?? ''
  return shown.flatMap(([name, value]) => {
    const says = value !== '' || EMPTY_SAYS.has(name) || (name === 'sender' && AFTER_MAIL.has(state))
    return says ? [] : [name]
  })
}
