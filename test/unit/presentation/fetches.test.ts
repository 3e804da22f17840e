import { expect, test } from 'vitest'
import type { FetchStatus } from '../../../src/core/status.ts'
import { fetchText } from '../../../src/presentation/fetches.ts'

const TOKEN = { what: 'token', title: 'access token', endpoint: 'id.example:443' } as const
const NOW_MS = 1_767_225_600_000

const shown: [why: string, fetch: Partial<FetchStatus>, text: string][] = [
  ['nothing yet', { state: 'none' }, 'not there yet'],
  ['nothing, because it fails', { state: 'failing', lastFailure: 'no token: why' }, 'no token: why'],
  ['how long it lasts', { state: 'valid', expiresAtMs: NOW_MS + 3_540_000 }, 'for 59 min'],
  ['what it is', { state: 'valid', fetchedAtMs: NOW_MS, detail: '2 to check by' }, '2 to check by'],
  [
    'what it is, and how long it lasts',
    { state: 'valid', expiresAtMs: NOW_MS + 3_540_000, detail: 'for all' },
    'for all for 59 min',
  ],
  ['that it is there, where nothing more is known', { state: 'valid', fetchedAtMs: NOW_MS }, 'there'],
  [
    'the older one, and why there is none newer',
    { state: 'failing', expiresAtMs: NOW_MS + 720_000, lastFailure: 'no token: why' },
    'for 12 min, none newer: no token: why',
  ],
  [
    'why there is none newer than one of which nothing is known',
    { state: 'failing', fetchedAtMs: NOW_MS, lastFailure: 'no token: why' },
    'none newer: no token: why',
  ],
]

for (const [why, fetch, text] of shown)
  test(`says ${why}`, () => {
    expect(fetchText({ state: 'none', ...TOKEN, ...fetch }, NOW_MS)).toBe(text)
  })
