import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SegmentedLru } from '../../../../src/core/cache/segmented-lru.ts'

interface Entry {
  readonly key: string
  readonly value: { readonly id: number }
  readonly bytes: number
}

/** The same, as plainly as it can be said: two lists, the recent end last. */
class PlainLists {
  probation: Entry[] = []
  protectedOnes: Entry[] = []
  evicted = 0
  readonly maxEntries: number
  readonly maxBytes: number
  readonly protectsUsed: boolean

  constructor(maxEntries: number, maxBytes: number, protectsUsed: boolean) {
    this.maxEntries = maxEntries
    this.maxBytes = maxBytes
    this.protectsUsed = protectsUsed
  }

  get all(): Entry[] {
    return [...this.probation, ...this.protectedOnes]
  }

  get bytes(): number {
    return bytesOf(this.all)
  }

  get(key: string) {
    const entry = this.all.find((one) => one.key === key)
    if (entry === undefined) return undefined
    const wasProtected = this.protectedOnes.includes(entry)
    this.delete(key)
    // A use of a protected one moves no other, though it may have grown by a `set`.
    if (wasProtected) this.protectedOnes.push(entry)
    else if (this.protectsUsed) this.#pushProtected(entry)
    else this.probation.push(entry)
    return entry.value
  }

  protect(key: string): void {
    const entry = this.probation.find((one) => one.key === key)
    if (entry === undefined) return
    this.delete(key)
    this.#pushProtected(entry)
  }

  set(entry: Entry): void {
    const wasProtected = this.protectedOnes.some(({ key }) => key === entry.key)
    this.delete(entry.key)
    if (entry.bytes > this.maxBytes) return
    if (wasProtected) this.protectedOnes.push(entry)
    else this.probation.push(entry)
    while (this.all.length > this.maxEntries || this.bytes > this.maxBytes) {
      if (this.probation.length > 1 || this.protectedOnes.length === 0) this.probation.shift()
      else this.protectedOnes.shift()
      this.evicted++
    }
  }

  delete(key: string): void {
    this.probation = this.probation.filter((entry) => entry.key !== key)
    this.protectedOnes = this.protectedOnes.filter((entry) => entry.key !== key)
  }

  #pushProtected(entry: Entry): void {
    this.protectedOnes.push(entry)
    while (
      this.protectedOnes.length > 0.8 * this.maxEntries ||
      bytesOf(this.protectedOnes) > 0.8 * this.maxBytes
    )
      this.probation.push(this.protectedOnes.shift() as Entry)
  }
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0)
}

function filled(count: number) {
  const cache = new SegmentedLru<{ id: number }>({ maxEntries: 10_000, maxBytes: 1_000_000 })
  for (let id = 0; id < count; id++) cache.set(`k${id}`, { id }, 1)
  return cache
}

describe('SegmentedLru', () => {
  const step = fc.record({
    does: fc.constantFrom('get', 'get', 'protect', 'set', 'set', 'set', 'delete', 'peek'),
    key: fc.nat(120).map((number) => `k${number}`),
    bytes: fc.nat(60),
  })

  for (const protectsUsed of [true, false])
    test(`holds what two plain lists would hold, ${protectsUsed ? 'protecting what is used' : 'protecting only what is chosen'}`, () => {
      fc.assert(
        fc.property(
          fc.array(step, { maxLength: 400, size: 'max' }),
          fc.integer({ min: 1, max: 100 }),
          (steps, most) => {
            const maxBytes = 30 * most
            let evicted = 0
            const onEvicted = (count: number) => {
              evicted += count
            }
            const cache = new SegmentedLru<Entry['value']>({
              maxEntries: most,
              maxBytes,
              protectsUsed,
              onEvicted,
            })
            const plain = new PlainLists(most, maxBytes, protectsUsed)
            for (const [id, { does, key, bytes }] of steps.entries()) {
              const value = { id }
              if (does === 'get') expect(cache.get(key)).toBe(plain.get(key))
              else if (does === 'set') {
                cache.set(key, value, bytes)
                plain.set({ key, value, bytes })
              } else if (does === 'peek')
                expect(cache.peek(key)).toBe(plain.all.find((one) => one.key === key)?.value)
              else {
                cache[does](key)
                plain[does](key)
              }
              expect([cache.size, cache.bytes, evicted]).toEqual([
                plain.all.length,
                plain.bytes,
                plain.evicted,
              ])
            }
            const held = [...cache.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
            const expected = plain.all.map(({ key, value }) => [key, value] as const)
            expect(held).toEqual(expected.sort(([a], [b]) => (a < b ? -1 : 1)))
          },
        ),
      )
    })

  test('takes its memory as entries come, and takes the slots of those that went', () => {
    const cache = filled(1000)
    expect([cache.peek('k0')?.id, cache.peek('k999')?.id, cache.size, cache.bytes]).toEqual([
      0, 999, 1000, 1000,
    ])
    for (let id = 0; id < 1000; id += 2) cache.delete(`k${id}`)
    for (let id = 0; id < 500; id++) cache.set(`n${id}`, { id }, 2)
    expect([cache.peek('k1')?.id, cache.peek('n499')?.id, cache.size, cache.bytes]).toEqual([
      1, 499, 1000, 1500,
    ])
  })

  test('is empty when it is cleared, also for a walk that has begun, and usable again', () => {
    const cache = filled(100)
    cache.get('k1')
    const walk = cache.entries()
    walk.next()
    cache.clear()
    expect([cache.size, cache.bytes, walk.next().done]).toEqual([0, 0, true])
    cache.set('a', { id: 1 }, 7)
    expect([cache.get('a'), cache.bytes]).toEqual([{ id: 1 }, 7])
  })

  test('chooses different entries at random, and no more than there are', () => {
    const cache = filled(100)
    for (let id = 3; id < 100; id++) cache.delete(`k${id}`)
    const all = cache.some(5, Math.random, () => true).map(([key]) => key)
    expect(all.sort()).toEqual(['k0', 'k1', 'k2'])
    expect(
      cache.some(
        1,
        () => 0,
        (key) => key === 'k2',
      ),
    ).toEqual([['k2', { id: 2 }]])
    expect(cache.some(1, Math.random, () => false)).toEqual([])
  })

  test('chooses by the numbers that it is given, and asks for no more of them than it needs', () => {
    const numbers = [0.99, 0, 0.99, 0.5, 0.25]
    let used = 0
    const chosen = filled(4).some(
      3,
      () => numbers[used++] ?? 0,
      () => true,
    )
    expect(chosen).toEqual([
      ['k3', { id: 3 }],
      ['k0', { id: 0 }],
      ['k2', { id: 2 }],
    ])
    expect(used).toBe(4)
  })

  test('finds what chance does not, in random order', () => {
    const always = (number: number) =>
      filled(4)
        .some(
          3,
          () => number,
          (key) => key !== 'k1',
        )
        .map(([key]) => key)
    // The first of each: what chance found. The others: a shuffle in which each changes places with the first, and one in which none does.
    expect([always(0), always(0.99)]).toEqual([
      ['k0', 'k2', 'k3'],
      ['k3', 'k0', 'k2'],
    ])
  })

  test('protects four fifths of the bytes, to the byte', () => {
    for (const [bytes, kept] of [
      [40, { id: 'a' }],
      [41, undefined],
    ] as const) {
      const cache = new SegmentedLru<{ id: string }>({ maxEntries: 100, maxBytes: 100 })
      cache.set('a', { id: 'a' }, 40)
      cache.set('b', { id: 'b' }, bytes)
      cache.get('a')
      cache.get('b')
      cache.set('c', { id: 'c' }, 19)
      cache.set('d', { id: 'd' }, 19)
      expect(cache.peek('a')).toEqual(kept)
    }
  })
})
