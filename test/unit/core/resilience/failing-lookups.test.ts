/**
 * A service that answers its known questions and no lookup: by those it is well, so it is only said.
 */
import { expect, test } from 'vitest'
import { at } from '../../../support/core/resilient.ts'
import { fails, says } from '../../../support/core/scripted-endpoint.ts'
import { known } from './circuit-set-up.ts'

type Running = Awaited<ReturnType<typeof known>>

/** Two keys fail, so that a known question is asked. */
async function failTwice({ ask, clock }: Pick<Running, 'ask' | 'clock'>) {
  await ask(`a${clock.monotonicMs()}`)
  await ask(`b${clock.monotonicMs()}`)
}

const said = ({ state }: Pick<Running, 'state'>) => state.status().endpoints[0]

test('is said once it has lasted for a minute, with the last failure, and no circuit opens', async () => {
  const running = await known(at(fails(500)))
  const { clock, events } = running
  await failTwice(running)
  clock.advance(59_999)
  await failTwice(running)
  expect(said(running)).toEqual({ name: '0', circuit: 'closed' })
  expect(events).not.toContain('trouble lookups')
  clock.advance(1)
  await failTwice(running)
  expect(said(running)).toEqual({
    name: '0',
    circuit: 'closed',
    lastFailure: 'status: the service answered 500',
    onlyKnownForMs: 60_000,
  })
  expect(events).toContain('trouble lookups')
})

test('is over with the first lookup that is answered', async () => {
  const running = await known((key) => ({ reply: key === 'fine' ? says('here') : fails(500) }))
  const { clock, ask } = running
  await failTwice(running)
  clock.advance(59_000)
  await failTwice(running)
  clock.advance(1000)
  expect(said(running)?.onlyKnownForMs).toBe(60_000)
  await ask('fine')
  expect(said(running)?.onlyKnownForMs).toBeUndefined()
  await failTwice(running)
  expect(said(running)?.onlyKnownForMs).toBeUndefined()
})

test('is over when nothing has failed for a minute', async () => {
  const running = await known(at(fails(500)))
  await failTwice(running)
  running.clock.advance(59_000)
  await failTwice(running)
  running.clock.advance(59_999)
  expect(said(running)?.onlyKnownForMs).toBe(118_999)
  running.clock.advance(1)
  expect(said(running)?.onlyKnownForMs).toBeUndefined()
})
