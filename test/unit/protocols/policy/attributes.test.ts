/**
 * Empty values that say nothing: what is known of a request at each command.
 */
import { describe, expect, test } from 'vitest'
import { ATTRIBUTES, MAY_BE_EMPTY, unknownIn } from '../../../../src/protocols/policy/attributes.ts'

const EMPTY = ATTRIBUTES.map((name) => [name, ''] as const)

function unknownAt(state: string): readonly string[] {
  return unknownIn(EMPTY.map(([name, value]) => [name, name === 'protocol_state' ? state : value]))
}

describe('an empty value', () => {
  test.each(['CONNECT', 'EHLO', 'HELO', 'VRFY', 'ETRN'])(
    'of sender and instance says nothing at %s',
    (state) => {
      expect(unknownAt(state)).toEqual(
        expect.arrayContaining(['sender', 'instance', 'recipient', 'helo_name']),
      )
    },
  )

  test.each(['MAIL', 'RCPT', 'DATA', 'BDAT', 'END-OF-MESSAGE'])(
    'of sender is that of a bounce at %s, and one of instance still says nothing',
    (state) => {
      expect(unknownAt(state)).not.toContain('sender')
      expect(unknownAt(state)).toContain('instance')
    },
  )

  test('of what a client need not have says that it has none', () => {
    for (const name of ['sasl_username', 'ccert_subject', 'encryption_protocol', 'policy_context'])
      expect(unknownAt('RCPT')).not.toContain(name)
  })

  test('is not looked for where there is a value', () => {
    expect(unknownIn([['instance', '1f3d.6a68.0.0']])).toEqual([])
  })

  test('is in the list of those that may be, wherever a request has it', () => {
    expect(unknownAt('CONNECT').filter((name) => !MAY_BE_EMPTY.includes(name))).toEqual([
      'request',
      'protocol_name',
      'client_address',
      'client_name',
      'client_port',
      'reverse_client_name',
      'server_address',
      'server_port',
      'recipient_count',
      'size',
      'encryption_keysize',
      'compatibility_level',
      'mail_version',
    ])
  })
})
