/**
 * A question as a table asks it, for tests of what stands below the table.
 */
import type { Question } from '../../../src/core/upstream.ts'

/** Somebody waits for it until its deadline, and does not give up before. */
export function question(key: string, more: Partial<Question> = {}): Question {
  return { table: 'aliases', key, deadlineMs: 0, hasWaiters: true, onAbandoned: () => {}, ...more }
}
