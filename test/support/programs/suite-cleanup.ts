/**
 * Cleanup for what all tests of a file share. `afterAll` counts only while the file is collected,
 * so it cannot be handed on to helpers that are called in `beforeAll`.
 */
import { afterAll } from 'vitest'
import type { Cleanup } from '../http/http-service.ts'

/** To be called while the file or `describe` is collected. What was started last is ended first. */
export function suiteCleanup(): Cleanup {
  const endings: (() => Promise<void> | void)[] = []
  afterAll(async () => {
    for (const end of endings.reverse()) await end()
  })
  return { onTestFinished: (end) => void endings.push(end) }
}
