/**
 * What stays of a copy when its configuration changes, and of a list that is kept aside when another comes.
 */
import { describe, expect, test } from 'vitest'
import { withCopy } from './copy-file.ts'

describe('a copy of a list that means something else now', () => {
  const ONE = { fingerprint: 'one', readAs: 'x' }
  const TWO = { fingerprint: 'two', readAs: 'x' }

  test('is not used, and is used again when the old settings come back', async () => {
    const copy = await withCopy()
    await copy.hold([['a', '9']])
    await copy.push('new', 'x', true)
    await copy.file.noteFound(new Map([['found', { result: 'f', atMs: 1, round: 0 }]]))
    copy.file.adopt(ONE)
    expect(copy.get('a')).toBe('1')
    const { current } = copy.file.state() ?? {}
    copy.file.adopt(TWO)
    copy.file.refresh()
    expect(copy.file.state()).toEqual({ format: 1, ...TWO, before: { ...ONE, current } })
    // Not while a list of the other settings is being read, either.
    copy.fill([['b', '1']], 't')
    copy.file.adopt({ fingerprint: 'three', readAs: 'x' })
    copy.file.adopt(ONE)
    copy.file.refresh()
    expect(copy.file.state()).toEqual({ format: 1, ...ONE, current })
    expect(['a', 'b', 'c', 'new'].map((key) => copy.get(key))).toEqual(['1', '2', '3', 'x'])
    expect(copy.file.foundKey('found')?.result).toBe('f')
  })

  test('is gone once there is another one, with all that belongs to it', async () => {
    const copy = await withCopy()
    await copy.push('new', 'x', true)
    await copy.file.noteFound(new Map([['found', { result: 'f', atMs: 5000, round: 1 }]]))
    copy.file.adopt(TWO)
    await copy.use([['b', '1']])
    expect(['a', 'b', 'new'].map((key) => copy.get(key))).toEqual([undefined, '1', undefined])
    expect(copy.file.foundKey('found')).toBeUndefined()
    expect(copy.file.state()).not.toHaveProperty('before')
  })

  test('stays in use where it was only read otherwise, and nothing confirms it but a whole list', async () => {
    const copy = await withCopy()
    copy.file.adopt({ fingerprint: 'one', readAs: 'y' })
    expect(copy.get('a')).toBe('1')
    const { current } = copy.file.state() ?? {}
    expect([current?.validators, current?.cursor, current?.listedAtMs]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(current).toMatchObject({ entries: 3, copiedAtMs: 1000 })
  })
})

describe('a list that is kept aside', () => {
  const BOUNDS = { askedAtMs: 3000, maxShrink: 0.2 }

  test('stays while another one is read, and when that one is cut', async () => {
    const copy = await withCopy()
    await copy.hold([['a', '9']])
    copy.fill([['x', '1']], 'cut')
    expect(copy.file.state()?.held?.entries).toBe(1)
    expect(await copy.file.settleHeld(true)).toBe('done')
    expect(['a', 'b', 'x'].map((key) => copy.get(key))).toEqual(['9', undefined, undefined])
  })

  test('is replaced by the next one that is kept aside, and by a whole one', async () => {
    const copy = await withCopy()
    await copy.hold([['a', '8']])
    await copy.hold([['a', '9']])
    copy.file.refresh()
    expect(copy.get('a')).toBe('1')
    expect(await copy.use([['a', '10']])).toBe(true)
    expect(copy.get('a')).toBe('10')
    expect(await copy.file.settleHeld(true)).toBe('nothing')
  })

  test('stays when changes come, and has them when it is accepted', async () => {
    const copy = await withCopy()
    await copy.hold([
      ['a', '9'],
      ['d', '4'],
    ])
    copy.file.applyChanges('r1', { keys: new Map(), cursor: 'r2' }, BOUNDS)
    const keys = new Map([
      ['a', '1'],
      ['new', 'n'],
      ['d', undefined],
    ])
    copy.file.applyChanges('r2', { keys, cursor: 'r3' }, BOUNDS)
    expect(copy.file.state()?.held?.entries).toBe(2)
    expect(await copy.file.settleHeld(true)).toBe('done')
    expect(['a', 'b', 'd', 'new'].map((key) => copy.get(key))).toEqual(['1', undefined, undefined, 'n'])
    expect(copy.file.state()?.current).toMatchObject({ entries: 2, cursor: 'r3' })
  })
})
