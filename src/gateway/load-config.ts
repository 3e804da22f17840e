/**
 * Loads a configuration with every protocol and every kind of upstream that the program has.
 */
import * as loading from '../config/load.ts'
import { PROTOCOLS, type Protocols } from '../protocols/registry.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'
import { UPSTREAM_KINDS, type UpstreamKinds } from '../upstreams/registry.ts'

/** The protocols and the kinds of upstream of a program. */
export interface Kinds {
  readonly protocols: Protocols
  readonly upstreams: UpstreamKinds
}

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
