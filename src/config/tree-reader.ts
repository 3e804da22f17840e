/**
 * The nodes of a YAML document as plain data, with the place of each.
 *
 * Aliases are followed here and not by the YAML library: it looks through the whole document
 * for each one, which takes minutes for a file that is made of them.
 */
import { type Alias, isAlias, isMap, isNode, isScalar, isSeq, type Node } from 'yaml'
import type { Path, Tree, TreeMap } from '../schema/tree.ts'

/** Deepest nesting of maps and lists. Ours: the configuration itself needs about ten. */
const MAX_DEPTH = 64

/** Most values in a file, those that aliases repeat included. Ours, against alias bombs. */
const MAX_NODES = 200_000

/** Where one value and its key begin, as offsets in the text. */
export interface SourcePosition {
  readonly key: number | undefined
  readonly value: number
  readonly isCollection: boolean
}

/** Something wrong with the text itself. */
export interface DocumentProblem {
  readonly path: Path
  readonly offset: number
  readonly message: string
}

/** Walks the nodes of one document. */
export class TreeReader {
  readonly problems: DocumentProblem[] = []
  readonly #places: Map<string, SourcePosition>
  /** The latest node with each anchor: an alias means the one before it (YAML 1.2 section 7.1). */
  readonly #anchors = new Map<string, Node>()
  /** Nodes that were read before: read again through an alias they are not the latest. */
  readonly #met = new Set<Node>()
  readonly #aliases = new Map<Alias, Node | undefined>()
  #nodes = 0
  #saidTooLarge = false

  /** @param places Filled with the place of every value, by the JSON of its path. */
  constructor(places: Map<string, SourcePosition>) {
    this.#places = places
  }

  read(node: unknown, path: Path, keyOffset: number | undefined): Tree {
    const resolved = this.#follow(node)
    const offset = offsetOf(node) ?? keyOffset ?? 0
    this.#nodes++
    if (isAlias(node) && resolved === undefined) {
      // Its name is not quoted: it may be a password that should have been.
      const message =
        'begins with * and is not the alias of an anchor (&) before it; quote a text that begins so'
      this.problems.push({ path, offset, message })
      return null
    }
    if (this.#nodes > MAX_NODES || path.length > MAX_DEPTH) return this.#tooLarge(path, offset)
    const isCollection = isMap(resolved) || isSeq(resolved)
    this.#places.set(JSON.stringify(path), { key: keyOffset, value: offset, isCollection })
    if (isMap(resolved)) return this.#readMap(resolved.items, path)
    if (isSeq(resolved))
      return resolved.items.map((item, index) => this.read(item, [...path, index], undefined))
    return isScalar(resolved) ? plainScalar(resolved.value) : null
  }

  #readMap(items: readonly { readonly key: unknown; readonly value: unknown }[], path: Path): TreeMap {
    const map: TreeMap = Object.create(null)
    for (const { key, value } of items) {
      const offset = offsetOf(key) ?? 0
      const name = keyName(this.#follow(key))
      if (name === undefined) {
        this.problems.push({ path, offset, message: 'has a key that is a map or a list; keys must be text' })
      } else if (Object.hasOwn(map, name)) {
        this.problems.push({
          path,
          offset,
          message: `the key ${JSON.stringify(name)} is there twice; remove one`,
        })
      } else {
        map[name] = this.read(value, [...path, name], offset)
      }
    }
    return map
  }

  /**
   * What an alias stands for; any other node stands for itself, and for its anchor from now on.
   * Each alias is looked up when it is met first: what follows an alias leads to nodes that were met before.
   */
  #follow(node: unknown): Node | undefined {
    if (!isNode(node)) return undefined
    if (!isAlias(node)) {
      if (!isScalar(node) && !isMap(node) && !isSeq(node)) return undefined
      if (node.anchor !== undefined && !this.#met.has(node)) this.#anchors.set(node.anchor, node)
      this.#met.add(node)
      return node
    }
    if (!this.#aliases.has(node)) this.#aliases.set(node, this.#anchors.get(node.source))
    return this.#aliases.get(node)
  }

  #tooLarge(path: Path, offset: number): null {
    if (!this.#saidTooLarge) {
      this.#saidTooLarge = true
      this.problems.push({
        path: path.slice(0, 3),
        offset,
        message: 'is too large or nested too deeply, with its aliases followed; make it smaller',
      })
    }
    return null
  }
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}

/** The text of a key; a number counts as its spelling, so that static entries may have numeric keys. */
function keyName(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  if (typeof key.value === 'string') return key.value
  return key.source ?? String(key.value ?? '')
}

function plainScalar(value: unknown): Tree {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value
    default:
      return value === null || value === undefined ? null : String(value)
  }
}
