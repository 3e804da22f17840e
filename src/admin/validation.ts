/**
 * Checks requests against the schemas of their routes, and writes answers as JSON.
 *
 * fastify's own compilers make a program of each schema at the start: for a dozen small schemas
 * that is about a tenth of the time to ready. Here the schema is read at each request. Strict: nothing is
 * guessed, dropped or filled in.
 */
import type { FastifyServerOptions } from 'fastify'
import type { SchemaNode } from '../schema/node.ts'
import type { Path, Tree } from '../schema/tree.ts'
import { failuresOf, type SchemaFailure } from '../schema/validate.ts'

type SchemaCompilers = NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']

/** Where fastify gets the functions that check and write. Its types are those of ajv's own functions: hence the cast. */
export const SCHEMA_COMPILERS = {
  buildValidator: () => compileCheck,
  // The schemas describe answers; they do not cut them.
  buildSerializer: () => () => (data: unknown) => JSON.stringify(data),
} as unknown as SchemaCompilers

/** Makes the check of one part of a request. Only the first failure is reported: more would repeat it. */
export function compileCheck({ schema }: { readonly schema: SchemaNode }) {
  refuseUnknownKeywords(schema)
  return (data: unknown): true | { readonly error: readonly object[] } => {
    const [failure] = failuresOf(data as Tree, schema)
    return failure === undefined ? true : { error: [toldToClient(failure)] }
  }
}

/** A failure with the names that ajv gives to its parts: errors.ts makes a problem document of it. */
function toldToClient({ keyword, path, schema, key }: SchemaFailure): object {
  return {
    keyword,
    instancePath: pointer(path),
    message: (WORDS[keyword] ?? (() => 'is not valid'))(schema, key),
    params: paramsOf(keyword, schema),
  }
}

/** What could be there instead: a request's own words are never repeated. */
function paramsOf(keyword: string, { enum: words, properties = {} }: SchemaNode): object {
  if (keyword === 'enum') return { allowedValues: words }
  return keyword === 'additionalProperties' ? { knownProperties: Object.keys(properties) } : {}
}

/** What to say for each keyword that a request's schema has. */
const WORDS: Readonly<Record<string, (schema: SchemaNode, key: string) => string>> = {
  type: ({ type }) => `must be ${type}`,
  enum: () => 'must be equal to one of the allowed values',
  required: (_schema, key) => `must have required property '${key}'`,
  additionalProperties: () => 'must NOT have additional properties',
  minLength: ({ minLength }) => `must NOT have fewer than ${minLength} characters`,
  minimum: ({ minimum }) => `must be >= ${minimum}`,
  maximum: ({ maximum }) => `must be <= ${maximum}`,
  maxLength: ({ maxLength }) => `must NOT have more than ${maxLength} characters`,
  pattern: ({ pattern }) => `must match pattern "${pattern}"`,
}

/** The keywords that the schemas of requests may have: with them every failure has its words. */
const KNOWN = new Set([...Object.keys(WORDS), 'properties', 'items', 'description'])

/** A keyword that nobody checks would let everything through: a defect, told at the start. */
function refuseUnknownKeywords(schema: SchemaNode): void {
  const unknown = Object.keys(schema).find((keyword) => !KNOWN.has(keyword))
  if (unknown !== undefined) throw new TypeError(`a request's schema has the keyword ${unknown}`)
  const { properties = {}, additionalProperties, items } = schema
  for (const part of Object.values(properties)) refuseUnknownKeywords(part)
  if (items !== undefined) refuseUnknownKeywords(items)
  if (typeof additionalProperties === 'object') refuseUnknownKeywords(additionalProperties)
}

/** A path as a JSON Pointer (RFC 6901). */
function pointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
