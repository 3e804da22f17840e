import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Enrolled, Roster } from '../../../src/core/roster.ts'

class Member implements Enrolled {
  place?: number
  readonly name: number

  constructor(name: number) {
    this.name = name
  }
}

test('whatever comes and goes, those who are present are as in a Set, in the same order', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(60)), { maxLength: 600 })
  fc.assert(
    fc.property(steps, (steps) => {
      const members = Array.from({ length: 61 }, (_, name) => new Member(name))
      const roster = new Roster<Member>()
      const set = new Set<Member>()
      for (const [what, name] of steps) {
        const member = members[name] as Member
        if (what === 'delete') expect(roster.delete(member)).toBe(set.delete(member))
        else {
          roster.add(member)
          set.add(member)
        }
        expect(roster.size).toBe(set.size)
      }
      expect(roster.present().map(({ name }) => name)).toEqual(Array.from(set, ({ name }) => name))
    }),
  )
})

test('who leaves or comes while the present are gone through changes nothing for them', () => {
  const roster = new Roster<Member>()
  const members = [1, 2, 3].map((name) => new Member(name))
  for (const member of members) roster.add(member)
  const seen: number[] = []
  for (const { name } of roster.present()) {
    seen.push(name)
    for (const member of members) roster.delete(member)
    roster.add(new Member(name + 10))
  }
  expect(seen).toEqual([1, 2, 3])
  expect(roster.present().map(({ name }) => name)).toEqual([11, 12, 13])
})

test('a member of one roster is not taken off another', () => {
  const [one, other] = [new Roster<Member>(), new Roster<Member>()]
  const [first, second] = [new Member(1), new Member(2)]
  one.add(first)
  other.add(second)
  expect(other.delete(first)).toBe(false)
  expect([one.size, other.size]).toEqual([1, 1])
})

test('a hundred thousand who come and go take no more places than are present at a time', () => {
  const roster = new Roster<Member>()
  const staying = new Member(0)
  roster.add(staying)
  let highest = 0
  for (let name = 1; name <= 100_000; name++) {
    const member = new Member(name)
    roster.add(member)
    highest = Math.max(highest, member.place ?? 0)
    roster.delete(member)
  }
  expect(highest).toBeLessThan(64)
  expect(roster.present()).toEqual([staying])
})
