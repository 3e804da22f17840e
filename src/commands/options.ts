/**
 * The options of the commands around the configuration file: `-c FILE` and switches.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { CommandError, EXIT_USAGE } from './exit-codes.ts'

/** What was given. */
export interface FileOptions {
  readonly config: string | undefined
  /** The switches that were set. */
  readonly set: ReadonlySet<string>
}

/**
 * Reads the words behind a command's name.
 *
 * @param switches Names of options without a value.
 * @throws CommandError for anything else.
 */
export function parseOptions(
  args: readonly string[],
  switches: readonly string[] = [],
  takesFile = true,
): FileOptions {
  const flags = Object.fromEntries(switches.map((name) => [name, { type: 'boolean' as const }]))
  const file: ParseArgsConfig['options'] = takesFile ? { config: { type: 'string', short: 'c' } } : {}
  try {
    const { values } = parseArgs({ args: [...args], options: { ...flags, ...file }, strict: true })
    const config = (values as Readonly<Record<string, unknown>>).config
    return {
      config: typeof config === 'string' ? config : undefined,
      set: new Set(Object.keys(values)),
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandError(EXIT_USAGE, error.message.split('\n', 1)[0] ?? 'wrong options')
  }
}
