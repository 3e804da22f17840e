import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlotList, type Slotted } from '../../../../src/core/collections/slot-list.ts'

class Member implements Slotted {
  slot?: number
  readonly name: number

  constructor(name: number) {
    this.name = name
  }
}

test('whatever comes and goes, the members are as in a Set, in the same order', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(60)), { maxLength: 600 })
  fc.assert(
    fc.property(steps, (steps) => {
      const members = Array.from({ length: 61 }, (_, name) => new Member(name))
      const list = new SlotList<Member>()
      const set = new Set<Member>()
      for (const [what, name] of steps) {
        const member = members[name] as Member
        if (what === 'delete') expect(list.delete(member)).toBe(set.delete(member))
        else {
          list.add(member)
          set.add(member)
        }
        expect(list.size).toBe(set.size)
      }
      expect(list.toArray().map(({ name }) => name)).toEqual(Array.from(set, ({ name }) => name))
    }),
  )
})

test('who leaves or comes while the present are gone through changes nothing for them', () => {
  const list = new SlotList<Member>()
  const members = [1, 2, 3].map((name) => new Member(name))
  for (const member of members) list.add(member)
  const seen: number[] = []
  for (const { name } of list.toArray()) {
    seen.push(name)
    for (const member of members) list.delete(member)
    list.add(new Member(name + 10))
  }
  expect(seen).toEqual([1, 2, 3])
  expect(list.toArray().map(({ name }) => name)).toEqual([11, 12, 13])
})

test('a member of one list is not taken off another', () => {
  const [one, other] = [new SlotList<Member>(), new SlotList<Member>()]
  const [first, second] = [new Member(1), new Member(2)]
  one.add(first)
  other.add(second)
  expect(other.delete(first)).toBe(false)
  expect([one.size, other.size]).toEqual([1, 1])
})

test('a hundred thousand members that come and go take no more slots than there are at a time', () => {
  const list = new SlotList<Member>()
  const staying = new Member(0)
  list.add(staying)
  let highest = 0
  for (let name = 1; name <= 100_000; name++) {
    const member = new Member(name)
    list.add(member)
    highest = Math.max(highest, member.slot ?? 0)
    list.delete(member)
  }
  expect(highest).toBeLessThan(64)
  expect(list.toArray()).toEqual([staying])
})

test('a member that was moved and has left is not kept alive', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const list = new SlotList<Member>()
  const left = leaveBehind(list)
  // A WeakRef holds its target until the turn of the event loop in which it was made is over.
  await new Promise(setImmediate)
  collect()
  expect(left.deref()).toBe(undefined)
  expect(list.size).toBe(1)
})

/** The last of 32 members moves to the front when another comes, and leaves then: its first slot has nobody after it. */
function leaveBehind(list: SlotList<Member>): WeakRef<Member> {
  const members = Array.from({ length: 32 }, (_, name) => new Member(name))
  const moved = new Member(32)
  for (const member of [...members, moved]) list.add(member)
  for (const member of members) list.delete(member)
  list.add(new Member(33))
  expect(moved.slot).toBe(0)
  expect(list.delete(moved)).toBe(true)
  return new WeakRef(moved)
}
