/**
 * Sections of the file that are of one of several kinds: which keys each has, in one schema.
 */
import type { KindsNode, SchemaNode } from '../../schema/node.ts'

type Properties = Readonly<Record<string, SchemaNode>>

/** One kind, as a branch of the schema. */
interface KindBranch {
  readonly name: string
  /** Heading of its section in the reference page. */
  readonly title: string
  /** Holds for data of this kind. */
  readonly when: SchemaNode
  /** Its own keys. */
  readonly own: SchemaNode
  /** What to say about a key that other kinds have. */
  readonly misplaced: (key: string, owners: readonly string[]) => string
  readonly decode?: (settings: object) => object
}

/**
 * The schema of a section of one of several kinds. Data that is of none may have every key: that it is
 * of none is reported by another check.
 *
 * @param common Makes all keys out of those of a kind: the order is that in which they are shown.
 */
export function kindsOf(
  branches: readonly KindBranch[],
  common: (own: Properties) => SchemaNode,
): SchemaNode {
  const all = Object.assign({}, ...branches.map(({ own }) => own.properties)) as Properties
  const { required: _, ...any } = common(all)
  const needed = common({}).required
  const none: SchemaNode = needed === undefined ? any : { ...any, required: needed }
  const kinds: KindsNode = {
    common: common({}),
    each: branches.map(({ title, own }) => ({ title, own })),
  }
  const chain = branches.reduce<SchemaNode>(
    // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
    (otherwise, branch) => ({ if: branch.when, then: ofKind(branch, branches, common), else: otherwise }),
    none,
  )
  return { ...chain, kinds }
}

function ofKind(
  branch: KindBranch,
  branches: readonly KindBranch[],
  common: (own: Properties) => SchemaNode,
): SchemaNode {
  const node = common(branch.own.properties ?? {})
  const misplaced: Record<string, string> = {}
  for (const key of branches.flatMap((other) => Object.keys(other.own.properties ?? {}))) {
    if (node.properties !== undefined && Object.hasOwn(node.properties, key)) continue
    const owners = branches.filter((other) => Object.hasOwn(other.own.properties ?? {}, key))
    misplaced[key] = branch.misplaced(
      key,
      owners.map((owner) => owner.name),
    )
  }
  return { ...node, misplaced, ...(branch.decode === undefined ? {} : { decode: branch.decode }) }
}

/** Every key that some kind has, all of them optional: what may be in `defaults:`. */
export function anyKind(node: SchemaNode): SchemaNode {
  return node.if !== undefined && node.else !== undefined ? anyKind(node.else) : node
}
