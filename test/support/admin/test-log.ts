/**
 * A real log, which a test reads.
 */
import { openSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogLevel } from '../../../src/core/settings/log-level.ts'
import type { KeyStyle } from '../../../src/observability/log-key.ts'
import { Logging } from '../../../src/observability/logging.ts'
import { Redactor } from '../../../src/observability/redaction.ts'

/** What undoes a test's set-up: `onTestFinished` of vitest. */
export type OnFinished = (cleanUp: () => void | Promise<void>) => void

/** A log that a test reads: the lines written so far, parsed. */
export interface TestLog {
  readonly logging: Logging
  /** Waits until everything logged so far is written. */
  lines(): Promise<Record<string, unknown>[]>
}

export interface TestLogOptions {
  readonly level?: LogLevel
  readonly keys?: KeyStyle
  readonly redactor?: Redactor
}

/** A real log, written to a file. */
export async function testLog(onFinished: OnFinished, options: TestLogOptions = {}): Promise<TestLog> {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-log-'))
  const path = join(folder, 'log')
  const fd = openSync(path, 'a')
  const { level = 'trace', keys = 'plain', redactor = new Redactor() } = options
  const logging = new Logging({ level, keys, hashKey: 'hash-key', redactor, fd }, undefined)
  let open = true
  onFinished(async () => {
    if (open) await logging.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    logging,
    async lines() {
      await logging.close()
      open = false
      const text = readFileSync(path, 'utf8')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    },
  }
}
