/**
 * Loads a configuration with every protocol and every kind of upstream that the program has.
 */
import * as loading from '../config/load.ts'
import { PROTOCOLS } from '../protocols/registry.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'
import { UPSTREAM_KINDS } from '../upstreams/registry.ts'

export const SETTINGS_KINDS: SettingsKinds = {
  protocols: Array.from(PROTOCOLS.values()),
  upstreams: Array.from(UPSTREAM_KINDS.values()).flatMap(({ configuration }) => configuration ?? []),
}

/** What loading needs from outside; everything has a default. */
export type LoadOptions = Partial<loading.LoadOptions>

/** As `config/load.ts` has it. */
export function loadConfig(path: string, options: LoadOptions = {}): Promise<loading.LoadedConfig> {
  return loading.loadConfig(path, { kinds: SETTINGS_KINDS, ...options })
}

/** As `config/load.ts` has it. */
export function parseConfig(
  text: string,
  fileName: string,
  options: LoadOptions = {},
): Promise<loading.LoadedConfig> {
  return loading.parseConfig(text, fileName, { kinds: SETTINGS_KINDS, ...options })
}
