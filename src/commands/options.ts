/**
 * The option that every command around the configuration file has.
 */

/** For `Command.option`: the flags and their help. */
export const CONFIG_FILE_OPTION = [
  '-c, --config <file>',
  'the configuration (default: ./mapgate.yaml, then /etc/mapgate/mapgate.yaml)',
] as const

/** What was given. */
export interface ConfigFileOptions {
  readonly config?: string
}

/** The command that says what is wrong with a configuration, to be typed as it is. @param file As it was given; undefined where it was found. */
export function checkCommand(file: string | undefined): string {
  return file === undefined ? 'mapgate check' : `mapgate check -c ${quotedWord(file)}`
}

/** For a shell (sh(1), "Quoting"). */
export function quotedWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
