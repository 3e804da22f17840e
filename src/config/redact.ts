/**
 * What must not be shown: values in secret places or of secret names (secret-names.ts), what goes to a service and is
 * no plain word (plain-words.ts), every text that came from a file or a credential, wherever it is, and what came
 * from the environment, where the configuration is shown.
 */

import { MIN_HIDDEN_CHARACTERS } from '../core/settings/secret-length.ts'
import { partOf, type SchemaNode } from '../schema/node.ts'
import { asMap, type Path, type Tree, type TreeMap, valueAt } from '../schema/tree.ts'
import { isPlainNumber, PlainWords } from './plain-words.ts'
import {
  isPlaces,
  isRandom,
  isSecretName,
  REDACTED,
  redactedAddress,
  replaceInAddress,
} from './secret-names.ts'

/** Headers whose values are no secrets, and common words: searching for them would hide too much. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'user-agent'])

/** Returns whether the value at a path holds nothing that must not be shown. */
export function mayBeShown(tree: TreeMap, path: Path, fileSchema: SchemaNode): boolean {
  let place: SchemaPosition = { schema: fileSchema, isSecret: false, sent: undefined }
  for (const part of path) {
    place = inside(place, part)
    if (place.isSecret) return false
  }
  const value = valueAt(tree, path)
  if (typeof value !== 'string' && typeof value !== 'number') return true
  return redact(value, place, { parts: [], whole: new Set(), plain: plainWordsOf(tree) }) === value
}

/** Where a value is. */
interface SchemaPosition {
  /** Undefined in a part that may hold anything, such as a JSON body. */
  readonly schema: SchemaNode | undefined
  readonly isSecret: boolean
  /** How it goes to a service as it is, if it does. */
  readonly sent: SchemaNode['sent']
}

function inside({ schema, isSecret, sent }: SchemaPosition, part: string | number): SchemaPosition {
  if (isSecret) return { schema, isSecret, sent }
  const child = schema && partOf(schema, part)
  return {
    schema: child,
    isSecret: child?.secret === true || isNamedSecret(schema, child, part),
    sent: child?.sent ?? sent,
  }
}

/** The names of tables and upstreams count as plain words. */
function plainWordsOf(file: Tree): PlainWords {
  const { tables, upstreams } = asMap(file)
  return new PlainWords([...Object.keys(asMap(tables)), ...Object.keys(asMap(upstreams))])
}

/** Only keys that the person who wrote the file chose: `canary.key` is no secret, `query.key` is. */
function isNamedSecret(
  schema: SchemaNode | undefined,
  child: SchemaNode | undefined,
  part: string | number,
): boolean {
  if (typeof part === 'number') return false
  const isOurs = hasKey(schema, part)
  // A table or upstream may have any name.
  const isSection = child?.properties !== undefined || child?.if !== undefined
  return !isOurs && !isSection && isSecretName(part)
}

/** Returns whether a schema names a key, in whatever kind of a section. */
function hasKey(schema: SchemaNode | undefined, part: string): boolean {
  if (schema === undefined) return false
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, part)) return true
  return hasKey(schema.then, part) || hasKey(schema.else, part)
}

/** Collects the secret texts of a file, ready to be searched for. */
export function secretsIn(file: Tree, schema: SchemaNode): ReadonlySet<string> {
  const secrets = new Set<string>()
  const plain = plainWordsOf(file)
  visit(file, { schema, isSecret: false, sent: undefined }, '', (place, text, key) => {
    if (HARMLESS_HEADERS.has(key.toLowerCase()) || (place.isSecret && isPlaces(text))) return
    for (const part of place.isSecret ? secretParts(text) : secretsWithin(text, place, plain))
      secrets.add(part)
  })
  return secrets
}

/** What is worth a search in a text that is not secret as a whole. */
function secretsWithin(text: string, { schema, sent }: SchemaPosition, plain: PlainWords): readonly string[] {
  if (schema?.file !== undefined) return []
  const found: string[] = []
  const note = (piece: string): string => {
    found.push(piece)
    return piece
  }
  replaceInAddress(text, note)
  // Other words are in the log for other reasons; only what looks like a key is searched for there.
  const noteKeys = (piece: string): string => {
    found.push(...piece.split(/\s+/).filter(looksLikeKey))
    return piece
  }
  if (sent === 'address') replaceInAddress(text, noteKeys, plain)
  else if (sent === 'text') plain.replace(text, noteKeys)
  return found
}

/** Shortest text of letters and digits that is taken for a key, in characters. Ours. */
const MIN_KEY_CHARACTERS = 8

/** Letters alone. Ours: longer than words are. */
const LETTERS_KEY = /^[A-Za-z]{16,}$/

/** A domain or an address, which every lookup may have; a token has capital letters. */
const DOMAIN = /^(?:[^@]*@)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/

function looksLikeKey(text: string): boolean {
  if (DOMAIN.test(text)) return false
  if (isRandom(text) || LETTERS_KEY.test(text)) return true
  return text.length >= MIN_KEY_CHARACTERS && /\d/.test(text) && /[a-z]/i.test(text)
}

/** Keeps the texts that are long enough to be searched for in other texts. */
export function searchable(secrets: Iterable<string>): Set<string> {
  return new Set([...secrets].filter((secret) => secret.length >= MIN_HIDDEN_CHARACTERS))
}

/** What is not shown. */
interface HiddenTexts {
  /** Hidden wherever they are. */
  readonly parts: ReadonlySet<string>
  /** Hidden where a value is nothing else. */
  readonly whole: ReadonlySet<string>
}

/** The same data with every secret as `***`. */
export function redacted(value: Tree, schema: SchemaNode, { parts, whole }: HiddenTexts): Tree {
  // The longest first: one may be a part of another.
  const ordered = [...parts].sort((a, b) => b.length - a.length)
  const hidden: Hidden = { parts: ordered, whole, plain: plainWordsOf(value) }
  return redact(value, { schema, isSecret: false, sent: undefined }, hidden)
}

interface Hidden {
  readonly parts: readonly string[]
  readonly whole: ReadonlySet<string>
  readonly plain: PlainWords
}

function redact(value: Tree, place: SchemaPosition, hidden: Hidden): Tree {
  if (typeof value === 'string') return redactText(value, place, hidden)
  if (typeof value === 'number' && place.sent === 'text' && !isPlainNumber(value)) return REDACTED
  if (value === null || typeof value !== 'object') return place.isSecret && value !== null ? REDACTED : value
  if (Array.isArray(value)) return value.map((item, index) => redact(item, inside(place, index), hidden))
  const map: TreeMap = Object.create(null)
  for (const [key, item] of Object.entries(value)) {
    const isShown = place.sent === undefined || isShownName(key)
    map[isShown ? key : REDACTED] = redact(item, inside(place, key), hidden)
  }
  return map
}

function redactText(text: string, place: SchemaPosition, { parts, whole, plain }: Hidden): string {
  if (place.isSecret) return place.schema?.secret !== true && isPlaces(text) ? text : REDACTED
  if (whole.has(text)) return REDACTED
  const shown = place.schema?.file === undefined ? withoutSecrets(text, place, plain) : text
  return parts.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), shown)
}

function withoutSecrets(text: string, { sent }: SchemaPosition, plain: PlainWords): string {
  if (sent === 'text') return plain.replace(text, () => REDACTED)
  return redactedAddress(text, sent === 'address' ? plain : undefined)
}

/** Longest name of a parameter or property that is shown, in characters. Ours: a parameter without a value may be a key. */
const MAX_NAME_CHARACTERS = 40

function isShownName(name: string): boolean {
  return name.length <= MAX_NAME_CHARACTERS && !isRandom(name)
}

function visit(
  value: Tree,
  place: SchemaPosition,
  key: string,
  found: (place: SchemaPosition, text: string, key: string) => void,
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
