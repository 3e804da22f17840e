/**
 * Cursors, marks of deletion, and what changes do to a copy.
 */
import { describe, expect, test } from 'vitest'
import type { CopyRecord } from '../../../../src/upstreams/replica/copy-record.ts'
import { changesPath, cursorPlace, cursorText } from '../../../../src/upstreams/replica/cursor.ts'
import { isGone } from '../../../../src/upstreams/replica/deleted-mark.ts'
import { isShrunk, planChanges } from '../../../../src/upstreams/replica/plan-changes.ts'
import { isWholeDue } from '../../../../src/upstreams/replica/schedule.ts'

describe('a cursor', () => {
  for (const [value, expected] of [
    ['r7', 'r7'],
    [7, '7'],
    [0, '0'],
    ['x'.repeat(2048), 'x'.repeat(2048)],
    ['x'.repeat(2049), undefined],
    [`${'x'.repeat(2046)}é`, `${'x'.repeat(2046)}é`],
    [`${'x'.repeat(2047)}é`, undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    [1.5, undefined],
    [2 ** 53, undefined],
    [{}, undefined],
    ['a\r\nb', undefined],
    ['\ud800', undefined],
  ] as const) {
    test(`${JSON.stringify(value)?.slice(0, 20)} is ${JSON.stringify(expected)?.slice(0, 20)}`, () => {
      expect(cursorText(value)).toBe(expected)
    })
  }

  test('goes back percent-encoded, wherever it stands', () => {
    expect(changesPath('/c/{cursor}?since={cursor}', 'a/b&$&=é')).toBe(
      '/c/a%2Fb%26%24%26%3D%C3%A9?since=a%2Fb%26%24%26%3D%C3%A9',
    )
  })

  for (const [text, expected] of [
    ['$.cursor', { kind: 'path', path: '$.cursor' }],
    ['$.meta.sync-token', { kind: 'path', path: '$.meta.sync-token' }],
    ['X-Cursor', { kind: 'field', name: 'x-cursor' }],
    ['$cursor', undefined],
    ['$.a[0]', undefined],
    ['two words', undefined],
    ['a:b', undefined],
  ] as const) {
    test(`${text} says where it is: ${expected?.kind}`, () => expect(cursorPlace(text)).toEqual(expected))
  }
})

describe('the mark of a deletion', () => {
  for (const [mark, expected] of [
    [true, true],
    [1, true],
    ['1', true],
    ['True', true],
    ['t', true],
    ['yes', true],
    ['2026-01-31', true],
    ['2026-01-31T10:00:00Z', true],
    ['2026-01-31 10:00:00+00', true],
    [1_769_850_000, true],
    [1_769_850_000_000, true],
    [undefined, false],
    [null, false],
    [false, false],
    [0, false],
    ['', false],
    ['0', false],
    ['FALSE', false],
    ['f', false],
    ['no', false],
    ['perhaps', undefined],
    ['n', undefined],
    [2, undefined],
    [12_345_678, undefined],
    [{}, undefined],
    [[], undefined],
  ] as const) {
    test(`${JSON.stringify(mark)} means ${expected}`, () => expect(isGone(mark)).toBe(expected))
  }
})

const COPY: CopyRecord = {
  slot: 'a',
  entries: 10,
  bytes: 100,
  durationMs: 5,
  copiedAtMs: 1000,
  changedAtMs: 1000,
  listedAtMs: 1000,
  validators: { etag: '"1"' },
  cursor: 'r0',
}

function plan(
  keys: Readonly<Record<string, string | undefined>>,
  { pushed = [] as readonly string[], record = COPY, maxShrink = 0.2 } = {},
) {
  const entries = new Map(Array.from({ length: record.entries }, (_, at) => [`k${at}`, `v${at}`]))
  return planChanges(
    { current: record, get: (key) => entries.get(key), isPushed: (key) => pushed.includes(key) },
    { keys: new Map(Object.entries(keys)), cursor: 'r5' },
    { askedAtMs: 2000, maxShrink },
  )
}

describe('changes of a copy', () => {
  test('set and delete what differs, and nothing else', () => {
    expect(plan({ k0: 'v0', k1: 'other', k2: undefined, new: 'x', never: undefined })).toEqual({
      kind: 'apply',
      set: [
        ['k1', 'other'],
        ['new', 'x'],
      ],
      gone: [['k2', undefined]],
      unlisted: ['never'],
      record: {
        slot: 'a',
        entries: 10,
        bytes: 100,
        durationMs: 5,
        copiedAtMs: 2000,
        changedAtMs: 2000,
        listedAtMs: 1000,
        removed: 1,
        cursor: 'r5',
      },
    })
  })

  test('that change nothing keep the validators of the list and the time of the last change', () => {
    expect(plan({ k0: 'v0', never: undefined })).toMatchObject({
      set: [],
      gone: [],
      record: { entries: 10, copiedAtMs: 2000, changedAtMs: 1000, validators: { etag: '"1"' }, cursor: 'r5' },
    })
  })

  test('leave what was pushed meanwhile alone, and then keep the cursor', () => {
    expect(plan({ k0: 'older', k1: 'x' }, { pushed: ['k0'] })).toMatchObject({
      set: [['k1', 'x']],
      record: { cursor: 'r0', entries: 10 },
    })
    expect(plan({ k0: 'v0', k1: 'x' }, { pushed: ['k0'] })).toMatchObject({ record: { cursor: 'r5' } })
  })

  const gone = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, undefined]))

  test('may delete as many keys as maxShrink says, at once or in pieces', () => {
    expect(plan(gone(2)).kind).toBe('apply')
    expect(plan(gone(3))).toEqual({ kind: 'shrunk', lost: 3 })
    const before = { ...COPY, entries: 8, removed: 2 }
    expect(plan({ k0: 'x' }, { record: before })).toMatchObject({ kind: 'apply', record: { removed: 2 } })
    expect(plan(gone(1), { record: before })).toEqual({ kind: 'shrunk', lost: 3 })
    expect(plan(gone(1), { record: { ...before, removed: 1 } })).toEqual({ kind: 'shrunk', lost: 2 })
    expect(plan(gone(1), { record: { ...COPY, entries: 9, removed: 1 } }).kind).toBe('apply')
  })

  test('never delete all', () => {
    expect(plan(gone(9), { maxShrink: 1 }).kind).toBe('apply')
    expect(plan(gone(10), { maxShrink: 1 })).toEqual({ kind: 'shrunk', lost: 10 })
  })

  test('and a list count together', () => {
    expect(isShrunk(2, COPY, 0.2)).toBe(false)
    expect(isShrunk(3, COPY, 0.2)).toBe(true)
    expect(isShrunk(2, { ...COPY, entries: 8, removed: 2 }, 0.2)).toBe(false)
    expect(isShrunk(2, { ...COPY, entries: 7, removed: 2 }, 0.2)).toBe(true)
  })
})

describe('the whole list is due', () => {
  for (const [name, listedAtMs, wallMs, expected] of [
    ['where it was never asked for', undefined, 0, true],
    ['not before its time', 1000, 86_400_999, false],
    ['after it', 1000, 86_401_000, true],
    ['when the clock was set back', 1000, 999, true],
  ] as const) {
    test(name, () => expect(isWholeDue(86_400_000, listedAtMs, wallMs)).toBe(expected))
  }
})
