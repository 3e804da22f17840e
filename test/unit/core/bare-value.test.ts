import { describe, expect, test } from 'vitest'
import { isMeant } from '../../../src/core/bare-value.ts'
import { usesOf } from '../../../src/core/value-use.ts'

const isValue = (parameter: string, value: string): boolean =>
  isMeant(value, usesOf(parameter === '' ? [] : [parameter]), true)

const NOTHING = [
  'NaN',
  'END',
  'NXDOMAIN',
  'E404',
  '(empty)',
  '[unknown]',
  "'unknown'",
  'n/a.',
  'unknown',
  'Unknown',
  'missing',
  'undef',
  'void',
  'TODO',
  'n.a.',
]

const DOUBTFUL: Readonly<Record<string, readonly string[]>> = {
  virtual_alias_maps: [
    ...NOTHING,
    '404',
    '0',
    '1',
    '200',
    '999',
    '1.5',
    '2026-01-01',
    '-',
    '--',
    '*',
    '?',
    'xyz=ann@b.example',
    'ann@b.example, 404',
    'ann@b.example none',
    '$-1',
    'y',
    'off',
    'ann@b.example unknown',
  ],
  transport_maps: [...NOTHING, 'goto:ann@b.example', 't', '404', '0', '-'],
  sender_dependent_relayhost_maps: [...NOTHING, '404', '-', '..'],
  check_client_access: [...NOTHING, 'n', 'on', '0', '00', '100', '200', '404', '550', '-'],
  virtual_mailbox_maps: [...NOTHING, '0', '404', '550', '-1', '-', '--', '***'],
  '': [...NOTHING, '0', '-1', '-', '--'],
}

describe.each(Object.entries(DOUBTFUL))('nothing selects: %s', (parameter, values) => {
  test.each(values.map((value) => [value]))('%j is in doubt', (value) => {
    expect(isValue(parameter, value)).toBe(false)
  })
})

const PLAIN: Readonly<Record<string, readonly string[]>> = {
  virtual_alias_maps: [
    'ann',
    'ann@b.example',
    '1000',
    '4711',
    'unknown@b.example',
    '404@b.example',
    'SRS0=ab=cd=d.example=ann@b.example',
  ],
  transport_maps: [
    'error:5.1.6 now ann@b.example',
    'error:ann@b.example',
    'smtp:[a.example]',
    'local',
    'unknown:',
    ':',
  ],
  check_client_access: ['OK', '1', '99', '600', '1000', '1767225600', '450 4.7.1 later', 'greylist'],
  virtual_mailbox_maps: ['y', 't', 'on', '1', 'OK', 'x', 'b.example/ann/', '399', '600', '4711', '-x'],
  smtp_tls_policy_maps: ['none', 'may'],
  smtp_sasl_password_maps: ['404', 'unknown', '-'],
  '': ['1', 'OK', 'x', '404', '5000', 'none', 'ann@b.example', ':'],
}

describe.each(Object.entries(PLAIN))('nothing selects: %s', (parameter, values) => {
  test.each(values.map((value) => [value]))('%j is a value', (value) => {
    expect(isValue(parameter, value)).toBe(true)
  })
})

test.each([
  ['virtual_alias_maps', '404'],
  ['virtual_alias_maps', 'unknown'],
  ['check_client_access', '404'],
  ['virtual_mailbox_maps', '404'],
])('what is selected for %s may be %j', (parameter, value) => {
  expect(isMeant(value, usesOf([parameter]), false)).toBe(true)
})
