/**
 * Keys of a stranger that fail all the time must not use up the retries of others.
 */
import { expect, test } from 'vitest'
import { kindOf, setUp } from '../../../support/core/resilient.ts'
import { fails, says } from '../../../support/core/scripted-endpoint.ts'

test('a good key that fails once gets its retry in the middle of an attack by keys that fail', async () => {
  const failedOnce = new Set<string>()
  const { clock, upstream, endpoints, question, ask, events } = setUp(
    [
      (key) => {
        if (key.startsWith('poison')) return { reply: fails(500), afterMs: 20 }
        if (!key.startsWith('victim') || failedOnce.has(key)) return { reply: says('here') }
        failedOnce.add(key)
        return { reply: fails(500) }
      },
    ],
    { settings: { attempts: 2 } },
  )
  for (let count = 0; count < 100; count++) {
    void upstream.ask(question(`poison${count}`))
    await clock.advanceAsync(5)
    void upstream.ask(question(`good${count}`))
    await clock.advanceAsync(195)
  }
  // A tenth of the 200 requests of the minute may be repeated, and half of that for keys that fail alone.
  const poisoned = endpoints[0]?.sent.filter((key) => key.startsWith('poison')).length
  expect(poisoned).toBe(110)
  for (let count = 0; count < 10; count++) expect(kindOf(await ask(`victim${count}`))).toBe('found')
  expect(events.filter((event) => event === 'retried').length).toBe(20)
})
