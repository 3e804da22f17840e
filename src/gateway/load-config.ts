/**
 * Loads a configuration with every protocol and every kind of upstream that the program has.
 */
import * as loading from '../config/load.ts'
import { PROTOCOLS } from '../protocols/registry.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'
import { UPSTREAM_KINDS } from '../upstreams/registry.ts'
import type { Kinds } from './kinds.ts'
import { mainCfAdvice } from './main-cf/advice.ts'

export const KINDS: Kinds = { protocols: PROTOCOLS, upstreams: UPSTREAM_KINDS }

export const SETTINGS_KINDS: SettingsKinds = settingsKinds(KINDS)

/** What a configuration file may say of them. */
export function settingsKinds({ protocols, upstreams }: Kinds): SettingsKinds {
  return {
    protocols: Array.from(protocols.values()),
    upstreams: Array.from(upstreams.values()).flatMap(({ configuration }) => configuration ?? []),
  }
}

/** What loading needs from outside; everything has a default. */
export type LoadOptions = Partial<loading.LoadOptions>

const DEFAULTS = {
  kinds: SETTINGS_KINDS,
  advise: (config) => mainCfAdvice(config, KINDS),
} satisfies loading.LoadOptions

/** As `config/load.ts` has it. */
export function loadConfig(path: string, options: LoadOptions = {}): Promise<loading.LoadedConfig> {
  return loading.loadConfig(path, { ...DEFAULTS, ...options })
}

/** As `config/load.ts` has it. */
export function parseConfig(
  text: string,
  fileName: string,
  options: LoadOptions = {},
): Promise<loading.LoadedConfig> {
  return loading.parseConfig(text, fileName, { ...DEFAULTS, ...options })
}
