/**
 * What must not be shown: values in secret places or of secret names (secret-names.ts), every text that
 * came from a file or a credential, wherever it stands, and what came from the environment, where the
 * configuration is shown.
 */

import { MIN_HIDDEN_CHARACTERS } from '../core/secret-length.ts'
import { partOf, type SchemaNode } from '../schema/node.ts'
import type { Path, Tree, TreeMap } from '../schema/tree.ts'
import { isPlaces, isSecretName, REDACTED, redactedAddress, secretsInAddress } from './secret-names.ts'

/** Headers whose values are no secrets, and common words: searching for them would hide too much. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'user-agent'])

/** Returns whether a path lies in a place that the schema marks as secret, or below a secret name. */
export function isSecretPlace(path: Path, fileSchema: SchemaNode): boolean {
  let place: Place = { schema: fileSchema, isSecret: false }
  for (const part of path) {
    place = inside(place, part)
    if (place.isSecret) return true
  }
  return false
}

/** Where a value stands. */
interface Place {
  /** Undefined in a part that may hold anything, such as a JSON body. */
  readonly schema: SchemaNode | undefined
  readonly isSecret: boolean
}

function inside({ schema, isSecret }: Place, part: string | number): Place {
  if (isSecret) return { schema, isSecret }
  const child = schema && partOf(schema, part)
  return { schema: child, isSecret: child?.secret === true || isNamedSecret(schema, child, part) }
}

/** Only keys that the person who wrote the file chose: `canary.key` is no secret, `query.key` is. */
function isNamedSecret(
  schema: SchemaNode | undefined,
  child: SchemaNode | undefined,
  part: string | number,
): boolean {
  if (typeof part === 'number') return false
  const isOurs = schema?.properties !== undefined && Object.hasOwn(schema.properties, part)
  // A table or upstream may have any name.
  const isSection = child?.properties !== undefined || child?.if !== undefined
  return !isOurs && !isSection && isSecretName(part)
}

/** Collects the secret texts of a file, ready to be searched for. */
export function secretsIn(file: Tree, schema: SchemaNode): ReadonlySet<string> {
  const secrets = new Set<string>()
  visit(file, { schema, isSecret: false }, '', ({ schema: at, isSecret }, text, key) => {
    if (HARMLESS_HEADERS.has(key.toLowerCase()) || (isSecret && isPlaces(text))) return
    const found = isSecret ? secretParts(text) : at?.file === undefined ? secretsInAddress(text) : []
    for (const part of found) secrets.add(part)
  })
  return secrets
}

/** Keeps the texts that are long enough to be searched for in other texts. */
export function searchable(secrets: Iterable<string>): Set<string> {
  return new Set([...secrets].filter((secret) => secret.length >= MIN_HIDDEN_CHARACTERS))
}

/** What is not shown. */
export interface HiddenTexts {
  /** Hidden wherever they stand. */
  readonly parts: ReadonlySet<string>
  /** Hidden where a value is nothing else. */
  readonly whole: ReadonlySet<string>
}

/** The same data with every secret as `***`. */
export function redacted(value: Tree, schema: SchemaNode, { parts, whole }: HiddenTexts): Tree {
  // The longest first: one may be a part of another.
  const ordered = [...parts].sort((a, b) => b.length - a.length)
  return redact(value, { schema, isSecret: false }, { parts: ordered, whole })
}

interface Hidden {
  readonly parts: readonly string[]
  readonly whole: ReadonlySet<string>
}

function redact(value: Tree, place: Place, hidden: Hidden): Tree {
  if (typeof value === 'string') {
    if (place.isSecret) return place.schema?.secret !== true && isPlaces(value) ? value : REDACTED
    if (hidden.whole.has(value)) return REDACTED
    const shown = place.schema?.file === undefined ? redactedAddress(value) : value
    return hidden.parts.reduce((text, secret) => text.replaceAll(secret, REDACTED), shown)
  }
  if (value === null || typeof value !== 'object') return place.isSecret && value !== null ? REDACTED : value
  if (Array.isArray(value)) return value.map((item, index) => redact(item, inside(place, index), hidden))
  const map: TreeMap = Object.create(null)
  for (const [key, item] of Object.entries(value)) map[key] = redact(item, inside(place, key), hidden)
  return map
}

function visit(
  value: Tree,
  place: Place,
  key: string,
  found: (place: Place, text: string, key: string) => void,
): void {
  if (typeof value === 'string') found(place, value, key)
  else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) {
      visit(item, inside(place, Array.isArray(value) ? Number(name) : name), name, found)
    }
  }
}

/** `Bearer abc` is secret as a whole and behind its scheme; of a URL only its user and password are. */
function secretParts(text: string): readonly string[] {
  if (URL.canParse(text) && /^https?:/.test(text)) {
    const { username, password } = new URL(text)
    return [password, decoded(password), username].filter((part) => part !== '')
  }
  const credentials = /^\S+ (.+)$/.exec(text)?.[1]
  return credentials === undefined ? [text] : [text, credentials]
}

/** Percent-decoded; a text that is not well encoded stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
