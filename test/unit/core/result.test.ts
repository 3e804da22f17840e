import { describe, expect, test } from 'vitest'
import { found, notFound, permanent, temporary, unreachable } from '../../../src/core/result.ts'

describe('results', () => {
  test('a reason is one printable ASCII line, whatever it was made of', () => {
    expect(temporary('connect', 'näme\r\nwith\tcontrol')).toEqual({
      kind: 'temporary',
      cause: 'connect',
      reason: 'n?me??with?control',
    })
  })

  test('a reason of 200 bytes stays whole and a longer one is cut there', () => {
    expect(permanent('refused', 'x'.repeat(200)).reason).toHaveLength(200)
    expect(permanent('refused', 'x'.repeat(201)).reason).toHaveLength(200)
  })

  test('found and not found say just that', () => {
    expect([found('a@b.example'), notFound()]).toEqual([
      { kind: 'found', value: 'a@b.example' },
      { kind: 'notfound' },
    ])
  })

  test('a member that a switch left out is a defect that names it', () => {
    expect(() => unreachable('surprise' as never)).toThrow('not a member of the union: "surprise"')
  })
})
