import { describe, expect, test } from 'vitest'
import { Cancellation } from '../../../src/core/cancellation.ts'

describe('a cancellation', () => {
  test('calls every listener once, however often it is cancelled', () => {
    const cancellation = new Cancellation()
    const called: string[] = []
    cancellation.addEventListener('abort', () => called.push('first'))
    cancellation.addEventListener('abort', () => called.push('second'))
    expect(cancellation.aborted).toBe(false)
    cancellation.cancel()
    cancellation.cancel()
    expect(cancellation.aborted).toBe(true)
    expect(called).toEqual(['first', 'second'])
  })

  test('leaves out who does not listen any more, alone or among others', () => {
    const called: string[] = []
    const first = () => called.push('first')
    const second = () => called.push('second')
    const alone = new Cancellation()
    alone.addEventListener('abort', first)
    alone.removeEventListener('abort', first)
    alone.cancel()
    const both = new Cancellation()
    both.addEventListener('abort', first)
    both.addEventListener('abort', second)
    both.removeEventListener('abort', first)
    both.cancel()
    expect(called).toEqual(['second'])
  })
})
