import fc from 'fast-check'
import { expect, test } from 'vitest'
import { find } from '../../../../src/protocols/framing/find.ts'

test('finds what Buffer.indexOf finds, near and far, from any start', () => {
  const bytes = fc.uint8Array({ maxLength: 40 })
  const padding = fc.constantFrom(0, 1, 254, 255, 256, 257, 5000)
  fc.assert(
    fc.property(bytes, padding, padding, fc.nat(60), (some, before, after, start) => {
      const all = Buffer.concat([Buffer.alloc(before, 1), some, Buffer.alloc(after, 2)])
      const from = Math.min(start, all.length)
      for (const byte of [1, 2, some[0] ?? 3, 255]) {
        const at = all.indexOf(byte, from)
        expect(find(all, byte, from)).toBe(at === -1 ? all.length : at)
      }
    }),
  )
})
