/**
 * What loading a text reports, one line each: problems as they are printed, warnings with `warning:` before them.
 */
import { ConfigError, formatIssue } from '../../../src/config/issue.ts'
import { type LoadOptions, parseConfig } from '../../../src/gateway/load-config.ts'

export async function problemsIn(text: string, options: LoadOptions = {}): Promise<string[]> {
  const given = { env: {}, readFile: missingFile, ...options }
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
