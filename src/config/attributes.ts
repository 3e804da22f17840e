/**
 * Tables that are asked by attributes: which of them a table sends, and which there are at all.
 */
import type { AttributeNames } from '../core/attributes.ts'
import type { SettingsKinds } from '../schema/settings-kind.ts'

/** The attributes that a table sends; empty for one that is asked by keys. */
export function attributesOf(table: object, kinds: SettingsKinds): ReadonlySet<string> {
  return new Set(kinds.upstreams.flatMap((kind) => [...(kind.attributesOf?.(table) ?? [])]))
}

/** Every attribute that clients of some protocol send. */
export function knownAttributes({ protocols }: SettingsKinds): AttributeNames {
  const names = (which: keyof AttributeNames) => [
    ...new Set(protocols.flatMap(({ attributes }) => attributes?.[which] ?? [])),
  ]
  return { shown: names('shown'), secret: names('secret'), mayBeEmpty: names('mayBeEmpty') }
}
