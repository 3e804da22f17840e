/**
 * What decides whether a copy is still one of the list that is configured.
 */
import { describe, expect, test } from 'vitest'
import { changedParts, copyMarks, listMeaning } from '../../../../src/upstreams/replica/copy-marks.ts'
import { responseSettings } from '../../../support/http/http-endpoint.ts'
import { listSettings } from './replica-set-up.ts'

const SETTINGS: Parameters<typeof listMeaning>[0] = {
  list: listSettings,
  response: responseSettings({}),
  foldCase: true,
  usedBy: ['virtual_mailbox_maps'],
}
const SERVICE = { endpoints: ['http://a.example'] }

function marks(settings: Partial<typeof SETTINGS>, service: unknown = SERVICE) {
  const all = { ...SETTINGS, ...settings }
  return copyMarks(listMeaning(all, service), all)
}

const BEFORE = marks({})

describe('a copy is not used any more when the list means something else:', () => {
  for (const [name, settings] of [
    ['another path', { list: { ...listSettings, path: '/other' } }],
    ['another value', { list: { ...listSettings, value: '$.maildir' } }],
    ['another key', { list: { ...listSettings, key: '$.mail' } }],
    ['pages', { list: { ...listSettings, next: 'link' } }],
    ['another format of values', { response: responseSettings({ format: 'x{value}' }) }],
    ['another separator', { response: responseSettings({ separator: ';' }) }],
    ['keys in their case', { foldCase: false }],
  ] as const) {
    test(name, () => expect(marks(settings).fingerprint).not.toBe(BEFORE.fingerprint))
  }

  test('another service', () => {
    expect(marks({}, { identity: 'x' }).fingerprint).not.toBe(BEFORE.fingerprint)
  })
})

describe('a copy stays when something else changes:', () => {
  for (const [name, list] of [
    ['how often it is asked for', { ...listSettings, everyMs: 1 }],
    ['how long it may take', { ...listSettings, timeoutMs: 1 }],
    ['how long it holds', { ...listSettings, notFoundForMs: 1, authoritative: false }],
    ['its bounds', { ...listSettings, maxEntries: 1, maxBytes: 1, maxShrink: 1 }],
  ] as const) {
    test(name, () => expect(marks({ list })).toEqual(BEFORE))
  }

  for (const [name, settings] of [
    ['what it is used by', { usedBy: ['virtual_mailbox_maps', 'transport_maps'] }],
    ['a route for changes', { list: { ...listSettings, changes: '/c?{cursor}' } }],
  ] as const) {
    test(`${name}; but it is read again`, () => {
      expect(marks(settings).fingerprint).toBe(BEFORE.fingerprint)
      expect(marks(settings).readAs).not.toBe(BEFORE.readAs)
    })
  }
})

test('what changed is named by its settings', () => {
  const after = { ...SETTINGS, list: { ...listSettings, path: '/other' }, foldCase: false }
  expect(changedParts(listMeaning(SETTINGS, SERVICE), listMeaning(after, { endpoints: [] }))).toEqual([
    'the endpoints, host or identity of the upstream',
    'replica.path',
    'foldCase',
  ])
})
