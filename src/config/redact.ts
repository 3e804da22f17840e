/**
 * What must not be shown: values in secret places, and every text that came from a file or
 * a credential, wherever it stands.
 */

import { partOf, type SchemaNode } from '../schema/node.ts'
import type { Path, Tree, TreeMap } from '../schema/tree.ts'

/** What is shown instead. */
export const REDACTED = '***'

/** Shorter texts are not searched for in other texts: they would blot out half of every log. Ours. */
const MIN_SEARCHED_CHARACTERS = 6

/** Headers whose values are no secrets, and common words: searching for them would hide too much. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'user-agent'])

/** Returns whether a path lies in a place that the schema marks as secret. */
export function isSecretPlace(path: Path, fileSchema: SchemaNode): boolean {
  let schema: SchemaNode | undefined = fileSchema
  for (const part of path) {
    if (schema === undefined) return false
    schema = partOf(schema, part)
    if (schema?.secret === true) return true
  }
  return false
}

/** Collects the texts that stand in secret places of a file, ready to be searched for. */
export function secretsIn(file: Tree, schema: SchemaNode): ReadonlySet<string> {
  const secrets = new Set<string>()
  visitSecrets(file, schema, '', (text, key) => {
    if (HARMLESS_HEADERS.has(key.toLowerCase())) return
    for (const part of secretParts(text)) secrets.add(part)
  })
  return secrets
}

/** Keeps the texts that are long enough to be searched for in other texts. */
export function searchable(secrets: Iterable<string>): Set<string> {
  return new Set([...secrets].filter((secret) => secret.length >= MIN_SEARCHED_CHARACTERS))
}

/** The same data with every secret as `***`. */
export function redacted(value: Tree, schema: SchemaNode, secrets: ReadonlySet<string>): Tree {
  return redact(value, schema, [...secrets])
}

function redact(value: Tree, schema: SchemaNode | undefined, secrets: readonly string[]): Tree {
  if (typeof value === 'string') {
    return schema?.secret === true
      ? REDACTED
      : secrets.reduce((text, secret) => text.replaceAll(secret, REDACTED), value)
  }
  if (value === null || typeof value !== 'object') return value
  const inside = (part: string | number): SchemaNode | undefined =>
    schema?.secret === true ? schema : schema && partOf(schema, part)
  if (Array.isArray(value)) return value.map((item, index) => redact(item, inside(index), secrets))
  const map: TreeMap = Object.create(null)
  for (const [key, item] of Object.entries(value)) map[key] = redact(item, inside(key), secrets)
  return map
}

function visitSecrets(
  value: Tree,
  schema: SchemaNode | undefined,
  key: string,
  found: (text: string, key: string) => void,
): void {
  if (schema === undefined) return
  if (typeof value === 'string') {
    if (schema.secret === true) found(value, key)
  } else if (value !== null && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) {
      const part = Array.isArray(value) ? Number(name) : name
      visitSecrets(item, schema.secret === true ? schema : partOf(schema, part), name, found)
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
