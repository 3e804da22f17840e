import { describe, expect, test } from 'vitest'
import { isMeantBy, usesOf } from '../../../../src/core/value/value-use.ts'

const isValue = (parameter: string, value: string): boolean => isMeantBy(value, usesOf([parameter]))

const ADDRESSES = [
  'ann@example.com',
  'ann@example.com, bob@elsewhere.example',
  'ann@example.com,bob@elsewhere.example',
  'ann@example.com bob@elsewhere.example',
  '@example.com',
  'ann',
  'ann, bob',
  'ann bob',
  'ann, bob@example.com',
  'root',
  'nobody',
  'MAILER-DAEMON',
  'Postmaster',
  'EXAMPLE\\ann',
  '"john doe"@example.com',
  '"john, doe"@example.com, ann',
  '"|/usr/bin/vacation root"',
  '|/usr/bin/command',
  '/var/mail/archive',
  ':include:/etc/list',
  '<ann@example.com>',
  'Ann Doe <ann@example.com>',
  'ann@example.com (Ann)',
  'ann@[192.0.2.1]',
  'ann@[IPv6:2001:db8::1]',
  "o'brien@example.com",
  'prvs=123=ann@example.com',
  'SRS0=ab=cd=d.example=ann@example.com',
  'ann+news@example.com',
  'ann%d.example@example.com',
  '#room@irc.example',
  'jürgen@bücher.example',
  '用户@例え.example',
  'ann@example.com.',
  'ok@example.com',
  '4711',
]

const GOOD: Readonly<Record<string, readonly string[]>> = {
  virtual_alias_maps: ADDRESSES,
  canonical_maps: ADDRESSES,
  sender_canonical_maps: ADDRESSES,
  recipient_canonical_maps: ADDRESSES,
  smtp_generic_maps: ADDRESSES,
  sender_bcc_maps: ADDRESSES,
  recipient_bcc_maps: ADDRESSES,
  smtpd_sender_login_maps: ADDRESSES,
  transport_maps: [
    'smtp:[mail.example.com]:587',
    'smtp:example.com',
    'smtp:',
    ':',
    ':[gateway.example]',
    'local',
    'virtual:',
    'lmtp:unix:private/dovecot-lmtp',
    'lmtp:inet:127.0.0.1:24',
    'relay:[a.example], [b.example]',
    'error:mail for example.com is not deliverable',
    'error: 5.1.1 mailbox gone',
    'retry:4.3.0 back soon',
    'discard:silently',
    'smtp-amavis:[127.0.0.1]:10024',
    'uucp:foo',
    'OUT_1:[a.example]',
  ],
  sender_dependent_default_transport_maps: ['smtp:', 'DUNNO', 'out1:[a.example]:25'],
  sender_dependent_relayhost_maps: [
    '[smtp.provider.example]:587',
    'smtp.provider.example',
    'smtp.provider.example:submission',
    '[192.0.2.1]',
    '[2001:db8::1]:25',
    'DUNNO',
    '[a.example]:587, [b.example]:587',
    'bücher.example',
    'relay',
  ],
  smtp_tls_policy_maps: [
    'none',
    'may',
    'encrypt',
    'dane',
    'dane-only',
    'fingerprint match=3D:95',
    'verify',
    'secure match=.bank.example',
    'encrypt protocols=!SSLv2:!SSLv3 ciphers=high',
    'SECURE',
  ],
  smtp_sasl_password_maps: ['bob:secret', 'bob', 'bob@example.com:a b{c}', ':'],
  check_sender_access: [
    'OK',
    'ok',
    'REJECT',
    'reject',
    'REJECT go away, error 5',
    'DUNNO',
    '550 5.1.1 no such user',
    '450',
    '1',
    'DEFER',
    'DEFER_IF_PERMIT Service unavailable',
    'DISCARD',
    'FILTER smtp:[127.0.0.1]:10025',
    'HOLD',
    'INFO seen',
    'PREPEND X-Seen: yes',
    'REDIRECT ann@example.com',
    'WARN odd',
    'BCC ann@example.com',
    'permit',
    'permit_mynetworks, reject',
    'reject_unauth_destination',
    'warn_if_reject reject_rbl_client zen.example',
    'check_sender_access hash:/etc/postfix/x',
    'greylist',
    'my_first my_second',
    'my_class, other_class',
    'Trusted',
  ],
  virtual_mailbox_domains: [
    'example.com',
    'OK',
    'ok',
    '1',
    'x',
    'yes',
    'dummy',
    'anything at all',
    'virtual',
  ],
  virtual_mailbox_maps: ['example.com/ann/', 'ann', 'OK', '/var/mail/ann', 'Maildir/'],
  virtual_alias_domains: ['OK', 'example.com'],
  relay_domains: ['OK', 'example.com'],
  mydestination: ['OK', 'example.com'],
  relay_recipient_maps: ['ann@example.com', 'x'],
  local_recipient_maps: ['x', 'ann'],
  relocated_maps: ['bob@new.example', 'has left the building', '+49 30 1234'],
  some_other_maps: ['anything'],
}

describe.each(Object.entries(GOOD))('%s', (parameter, values) => {
  test.each(values.map((value) => [value]))('may have %j', (value) => {
    expect(isValue(parameter, value)).toBe(true)
  })
})

const SENTENCES = ['Internal Server Error', 'no such user', 'not found', 'Try again later.', 'Hello, world!']

const BAD: Readonly<Record<string, readonly string[]>> = {
  virtual_alias_maps: [
    ...SENTENCES,
    'OK',
    'ok',
    'success',
    'error',
    "'ann@example.com'",
    "['ann@example.com']",
    '[ann]',
    '{ann@example.com}',
    'ann@example.com; bob@example.com',
    'callback(ann)',
    'a=b',
    'goto: ann',
    'the address is ann@example.com',
    'upstream timed out',
    'quota exceeded',
    'pong',
    'ECONNREFUSED',
    'ann@',
    '@',
    'ann@@example.com',
    'smtp:[mail.example.com]',
    'goto:ann@example.com',
    'ann@example.com|bob@example.com',
    'ann@exa|mple.com',
    'ann@example.com/x',
    '-1',
    ',',
  ],
  smtpd_sender_login_maps: ['OK', 'no such user', '{}'],
  transport_maps: [
    'Internal Server Error',
    'OK',
    'error',
    'not found',
    'PHP Fatal error: x',
    'ann@example.com',
    '[a.example]',
    '404',
    '0',
    '-',
  ],
  sender_dependent_relayhost_maps: [
    '404',
    '-',
    'OK',
    'error',
    'no such relay',
    'smtp:[a b]',
    'ann@example.com',
  ],
  smtp_tls_policy_maps: ['OK', 'nonesuch', 'not found', 'true', 'ann@example.com'],
  check_client_access: [
    'Internal Server Error',
    'error',
    'no such client',
    'rate limited now',
    'alive',
    'ann@example.com',
    '<>',
    'not found',
    '2026-01-01',
  ],
  virtual_mailbox_domains: [
    '0',
    'f',
    'No such domain',
    'It is down',
    'no',
    'error',
    'not_found',
    'unavailable',
    'invalid',
    'none',
  ],
}

describe.each(Object.entries(BAD))('%s', (parameter, values) => {
  test.each(values.map((value) => [value]))('cannot have %j', (value) => {
    expect(isValue(parameter, value)).toBe(false)
  })
})

test('a table of several uses may have what one of them can have', () => {
  expect(isMeantBy('OK', usesOf(['virtual_alias_maps', 'check_sender_access']))).toBe(true)
  expect(isMeantBy('OK', usesOf(['virtual_alias_maps', 'canonical_maps']))).toBe(false)
  expect(isMeantBy('OK', usesOf(['virtual_alias_maps', 'unheard_of_maps']))).toBe(true)
})

describe('a table without usedBy', () => {
  // A sentence that says "no" could be of relocated_maps alone, which has to be named.
  test.each(
    Object.entries(GOOD)
      .filter(([parameter]) => parameter !== 'some_other_maps')
      .flatMap(([, values]) => values)
      .map((value) => [value]),
  )('may have %j', (value) => {
    expect(isMeantBy(value, usesOf([]))).toBe(true)
  })

  test.each(
    [
      ...SENTENCES.filter((value) => value !== 'Hello, world!'),
      'error',
      'failed',
      'no',
      'not_found',
      'unavailable',
      'upstream timed out, please try later',
      'The address was not found',
      'ECONNREFUSED',
      'Error. Something is down',
      'n/a',
      'pong',
    ].map((value) => [value]),
  )('cannot have %j', (value) => {
    expect(isMeantBy(value, usesOf([]))).toBe(false)
  })
})

test('the uses of the same parameters are the same, in whatever order, and each once', () => {
  expect(usesOf(['transport_maps', 'virtual_alias_maps', 'canonical_maps'])).toEqual([
    'addresses',
    'transport',
  ])
  expect(usesOf([])).toEqual(['unknown'])
})
