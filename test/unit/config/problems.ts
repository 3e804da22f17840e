/**
 * What loading a text reports, one line each: problems as they are printed, warnings with `warning:` before them.
 */
import { describe, expect, test } from 'vitest'
import { ConfigError, formatIssue } from '../../../src/config/issue.ts'
import { ANY_USER } from '../../../src/config/this-user.ts'
import { type LoadOptions, parseConfig } from '../../../src/gateway/load-config.ts'

/** One mistake, the text that has it, and every line that is said about it. */
export type ProblemCase = readonly [name: string, yaml: string, expected: readonly string[]]

/** A test for each case. @param area The part of the configuration. */
export function testProblems(area: string, cases: readonly ProblemCase[]): void {
  describe(`problems: ${area}`, () => {
    for (const [name, yaml, expected] of cases) {
      test(`reports: ${name}`, async () => {
        expect(await problemsIn(yaml)).toEqual(expected)
      })
    }
  })
}

export async function problemsIn(text: string, options: LoadOptions = {}): Promise<string[]> {
  const given = {
    env: {},
    readFile: missingFile,
    tryFolder: async () => undefined,
    trySocket: async () => undefined,
    user: ANY_USER,
    // Tables that no listener serves are in many texts.
    advise: () => [],
    ...options,
  }
  const told = await parseConfig(text, 'mapgate.yaml', given).catch((error: unknown) => {
    if (error instanceof ConfigError) return error
    throw error
  })
  const errors = told instanceof ConfigError ? told.issues.map(formatIssue) : []
  return [...errors, ...told.warnings.map((warning) => `warning: ${formatIssue(warning)}`)]
}

async function missingFile(): Promise<string> {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
}
