/**
 * Surroundings of a command that keep what it writes, in a folder of their own.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { CommandIo } from '../../../src/commands/io.ts'

export interface CollectingIo extends CommandIo {
  readonly out: () => string
  readonly err: () => string
}

export async function collectingIo(env: Readonly<Record<string, string>> = {}): Promise<CollectingIo> {
  const cwd = await mkdtemp(join(tmpdir(), 'mapgate-'))
  onTestFinished(() => rm(cwd, { recursive: true, force: true }))
  const texts = { out: '', err: '' }
  return {
    cwd,
    env,
    stdout: {
      write: (text) => {
        texts.out += text
      },
    },
    stderr: {
      write: (text) => {
        texts.err += text
      },
    },
    out: () => texts.out,
    err: () => texts.err,
  }
}
