/**
 * What tables ask. An upstream is of the kind whose word it has: `endpoints` for an HTTP service,
 * `entries` for static entries. Every other key is the kind's own.
 */
import type { SchemaNode } from '../../schema/node.ts'
import { type Schema, Type } from '../../schema/schema.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { kindsOf } from './kinds.ts'
import { quotedKeys } from './listener.ts'

/** Settings of an upstream: those of its kind, and which that is. */
export interface UpstreamSettings {
  readonly kind: string
}

/** The schema of one upstream, which is of one of these kinds. */
export function upstreamSchema(kinds: readonly UpstreamSettingsKind[]): Schema<unknown, UpstreamSettings> {
  const branches = kinds.map(({ name, word, settings }) => {
    const own = settings as SchemaNode
    const isAlone = Object.keys(own.properties ?? {}).length === 1
    return {
      name,
      title: `with \`${word}\``,
      when: { type: 'object', required: [word] },
      own,
      misplaced: (key: string) =>
        `"${key}" does not belong to an upstream of kind ${name}, which has ${quotedKeys(own)}${isAlone ? ' only' : ''}; remove it`,
      decode: (decoded: object) => ({ kind: name, ...decoded }),
    }
  })
  return kindsOf(
    branches,
    (own) => Type.Object({ ...(own as object) }, { additionalProperties: false }) as SchemaNode,
  ) as unknown as Schema<unknown, UpstreamSettings>
}
