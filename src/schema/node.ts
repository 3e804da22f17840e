/**
 * A schema as it is read at run time: JSON Schema draft 7 with a few keywords of ours, for which the
 * JSON Schema for editors gets standard ones (`config/config-schema.ts`).
 */

/** Bounds of a duration or size, written as in the file. */
export interface UnitBounds {
  readonly min: string
  readonly max: string
}

/** A map with keys that all kinds have, and those of each kind. */
export interface KindsNode {
  readonly common: SchemaNode
  readonly each: readonly { readonly title: string; readonly own: SchemaNode }[]
}

export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  /** The default where it depends on other keys, in words. */
  readonly defaultText?: string
  /** What a wrong value should have been, in plain words. */
  readonly expected?: string
  readonly examples?: unknown
  /** The value is never shown. */
  readonly secret?: boolean
  /**
   * The value, and all below it, goes to a service as it is, as text or as an address: what is neither a place
   * nor a plain word in it may be a secret, and is not shown.
   */
  readonly sent?: 'text' | 'address'
  /** The path of a file; relative paths start at the configuration's folder. `read`: it must be there when the file is checked. */
  readonly file?: 'read' | 'written'
  /** Any keys of a table or upstream may be here. */
  readonly partOf?: 'table' | 'upstream'
  readonly duration?: UnitBounds
  readonly size?: UnitBounds
  /**
   * What is wrong with a text that is syntax of its own; undefined when nothing is.
   *
   * @param shown The value as it may be in a message: quoted, or `the value` where it is secret.
   */
  readonly syntax?: (text: string, shown: string) => string | undefined
  /** What is wrong with one entry of a map of any keys, told at its key; never with its value. */
  readonly entry?: (key: string, value: unknown) => string | undefined
  /** A good value of that syntax, for the checks to go on with when it is wrong. */
  readonly stopgap?: string
  /** Makes the value that the program uses out of what the other keywords made. */
  readonly decode?: (value: never) => unknown
  /** Why a key cannot be left out, in words; for keys whose absence surprises. */
  readonly whyNeeded?: string
  /** Keys that do not belong here but to another kind, with what to say about them. */
  readonly misplaced?: Readonly<Record<string, string>>
  /** The kinds that `if`, `then` and `else` choose from, one after the other, for the reference page. */
  readonly kinds?: KindsNode
  readonly enum?: readonly string[]
  readonly const?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly additionalProperties?: boolean | SchemaNode
  readonly propertyNames?: SchemaNode
  readonly if?: SchemaNode
  readonly then?: SchemaNode
  readonly else?: SchemaNode
}

/** Builds a new schema bottom-up: first the parts of a node, then the node. */
export function transform(node: SchemaNode, change: (node: SchemaNode) => SchemaNode): SchemaNode {
  const parts: Record<string, unknown> = {}
  for (const keyword of ['items', 'additionalProperties', 'if', 'then', 'else'] as const) {
    const part = node[keyword]
    if (typeof part === 'object') parts[keyword] = transform(part, change)
  }
  if (node.properties !== undefined) {
    parts.properties = Object.fromEntries(
      Object.entries(node.properties).map(([key, part]) => [key, transform(part, change)]),
    )
  }
  return change({ ...node, ...parts })
}

/** The schema of one part of a value, whichever branch has it: for questions about a place and not about data. */
export function partOf(node: SchemaNode, part: string | number): SchemaNode | undefined {
  if (typeof part === 'number' && node.items !== undefined) return node.items
  if (typeof part === 'string') {
    if (node.properties !== undefined && Object.hasOwn(node.properties, part)) return node.properties[part]
    if (typeof node.additionalProperties === 'object') return node.additionalProperties
  }
  for (const branch of [node.then, node.else]) {
    const found = branch && partOf(branch, part)
    if (found !== undefined) return found
  }
  return undefined
}
