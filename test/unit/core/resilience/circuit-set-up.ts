/**
 * Keys that fail, and an upstream whose known question was answered.
 */
import { type SetUp, setUp } from '../../../support/core/resilient.ts'
import { type Script, says } from '../../../support/core/scripted-endpoint.ts'

export const SETTINGS = { attempts: 1, circuitBreaker: { failures: 2, openForMs: 1000 } }

export type Reply = Script['reply']

/** An upstream at which `good` was found, so that it is a known question; all other keys get `others`. */
export async function known(others: (key: string) => Script, options: SetUp = {}) {
  const good = { reply: says('here') as Reply, afterMs: undefined as number | undefined }
  const running = setUp([(key) => (key === 'good' ? good : others(key))], {
    ...options,
    settings: { ...SETTINGS, ...options.settings },
  })
  await running.ask('good')
  running.clock.advance(1)
  const circuit = () => running.state.status().endpoints[0]?.circuit
  const checks = () => running.events.filter((event) => event.startsWith('check'))
  return { ...running, good, circuit, checks }
}
