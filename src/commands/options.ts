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
