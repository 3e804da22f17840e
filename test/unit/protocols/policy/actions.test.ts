/**
 * The closed grammar of actions: row by row what smtpd does with one, and what never leaves.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAction } from '../../../../src/protocols/policy/actions.ts'

describe('an answer that may leave', () => {
  const cases: [answer: string, kind: string, sent: string][] = [
    ['DUNNO', 'dunno', 'DUNNO'],
    ['dunno what ever', 'dunno', 'DUNNO'],
    ['OK', 'permit', 'OK'],
    ['ok fine', 'permit', 'OK'],
    ['RELAY', 'permit', 'RELAY'],
    ['Permit', 'permit', 'PERMIT'],
    ['REJECT', 'reject', 'REJECT'],
    ['reject 5.7.1  go away', 'reject', 'REJECT 5.7.1  go away'],
    [' REJECT\tgo away ', 'reject', 'REJECT go away'],
    ['REJECT see https://x.example/y', 'reject', 'REJECT see https://x.example/y'],
    ['DEFER 4.7.1 later', 'defer', 'DEFER 4.7.1 later'],
    ['450 later', 'defer', '450 later'],
    ['421 4.3.0 bye', 'defer', '421 4.3.0 bye'],
    ['550 5.1.1 no', 'reject', '550 5.1.1 no'],
    ['DEFER_IF_PERMIT', 'defer_if_permit', 'DEFER_IF_PERMIT'],
    ['defer_if_reject wait', 'defer_if_reject', 'DEFER_IF_REJECT wait'],
    ['PREPEND X-Greylist: passed', 'prepend', 'PREPEND X-Greylist: passed'],
    ['PREPEND X:y', 'prepend', 'PREPEND X:y'],
    ['REDIRECT a@b.example', 'redirect', 'REDIRECT a@b.example'],
    ['BCC a@b.example', 'bcc', 'BCC a@b.example'],
    ['FILTER smtp:[127.0.0.1]:10025', 'filter', 'FILTER smtp:[127.0.0.1]:10025'],
    ['FILTER smtp:', 'filter', 'FILTER smtp:'],
    ['HOLD', 'hold', 'HOLD'],
    ['DISCARD silently', 'discard', 'DISCARD silently'],
    ['WARN look', 'warn', 'WARN look'],
    ['INFO seen', 'info', 'INFO seen'],
    ['HANGUP now', 'hangup', 'HANGUP'],
    ['reject_unauth_destination', 'restriction', 'reject_unauth_destination'],
    ['permit_mynetworks, reject', 'restriction', 'permit_mynetworks, reject'],
    ['permit,  reject', 'restriction', 'permit, reject'],
    ['sleep 1, reject_unlisted_recipient', 'restriction', 'sleep 1, reject_unlisted_recipient'],
    [`REJECT ${'x'.repeat(393)}`, 'reject', `REJECT ${'x'.repeat(393)}`],
  ]
  for (const [answer, kind, text] of cases) {
    test(`${JSON.stringify(answer.slice(0, 60))} is ${kind}`, () =>
      expect(readAction(answer)).toEqual({ kind, text }))
  }
})

describe('an answer that never leaves', () => {
  const cases: [why: string, answer: string][] = [
    ['is empty, which smtpd takes for a permission', ''],
    ['is blank', ' \t '],
    ['is nothing but digits, which smtpd takes for a permission', '550'],
    ['is one digit', '1'],
    ['is five digits', '12345'],
    ['is a code and a blank', '550 '],
    ['is a code of success', '250 fine'],
    ['is no code of three digits', '5500 no'],
    ['has a colon, which makes a table of it', 'OK: fine'],
    ['is a table', 'hash:/etc/postfix/access'],
    ['asks another service', 'check_policy_service unix:private/x'],
    ['asks another service behind a restriction', 'permit_mynetworks, check_policy_service unix:private/x'],
    ['is an unknown word', 'ACCEPT'],
    ['is an unknown word with a text', 'BLAH blah'],
    ['has two lines', 'REJECT two\nlines'],
    ['has a carriage return', 'REJECT a\r'],
    ['has a NUL', 'REJECT a\0b'],
    ['is not ASCII', 'REJECT für immer'],
    ['prepends no header', 'PREPEND hello'],
    ['prepends a header without a value', 'PREPEND X-Y:'],
    ['redirects to nowhere', 'REDIRECT bob'],
    ['copies to nobody', 'BCC'],
    ['filters by no transport', 'FILTER smtp'],
    ['sleeps for minutes', 'sleep 100'],
    ['sleeps without a time', 'sleep'],
    ['is a number among restrictions', 'permit_mynetworks 5'],
    ['is a comma', ','],
  ]
  for (const [why, answer] of cases) {
    test(why, () => expect(readAction(answer)).toBe('not-an-action'))
  }

  test('is longer than 400 bytes', () => expect(readAction(`REJECT ${'x'.repeat(394)}`)).toBe('too-long'))

  test('is whatever smtpd would permit by, or read on behind', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.stringMatching(/^[0-9 ]{0,6}$/),
      fc
        .array(fc.constantFrom('OK', 'permit', '550', ':', ' ', '\n', '\r', 'reject', ',', 'é'), {
          maxLength: 6,
        })
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (answer) => {
        const action = readAction(answer)
        if (typeof action === 'string') return
        expect(readAction(action.text)).toEqual(action)
        expect(action.text).toMatch(/^[\x21-\x7e][\x20-\x7e\t]{0,399}$/)
        expect(action.text).not.toMatch(/^\d*$/)
        expect(action.text).not.toMatch(/^[^ ]*:/)
      }),
      { numRuns: 5000 },
    )
  })
})
