/**
 * Builds JSON Schemas whose TypeScript type is known: what the configuration and the admin API
 * describe their data with. Rules: JSON Schema draft 7.
 *
 * The few kinds that are used here, and no library: one that knows them all comes in hundreds of
 * modules, and reading those was a sixth of the time from start to ready (bench/RESULTS.md).
 */

/** Carries the type of the data; no schema has it at run time. */
declare const STATIC: unique symbol
declare const OPTIONAL: unique symbol

/** A JSON Schema of data of one type. */
export interface Schema<Data = unknown> {
  readonly [STATIC]: Data
}

/** The schema of a key that may be left out. */
export interface OptionalSchema<Data = unknown> extends Schema<Data> {
  readonly [OPTIONAL]: true
}

/** The type of the data that a schema describes. */
export type Static<Described extends Schema> = Described[typeof STATIC]

type Properties = Readonly<Record<string, Schema>>
type OptionalKeys<Keys extends Properties> = {
  [Key in keyof Keys]: Keys[Key] extends OptionalSchema ? Key : never
}[keyof Keys]
type Flat<Data> = { [Key in keyof Data]: Data[Key] }
type DataOf<Keys extends Properties> = Flat<
  { -readonly [Key in Exclude<keyof Keys, OptionalKeys<Keys>>]: Static<Keys[Key]> } & {
    -readonly [Key in OptionalKeys<Keys>]?: Static<Keys[Key]>
  }
>

/** Further keywords, those of `schema/kinds.ts` among them. */
type Keywords = Readonly<Record<string, unknown>>

/** Marked beside the schemas, so that nothing that is no keyword stands in them. */
const optionals = new WeakSet<object>()

/** A schema that is written by hand, with the type of its data. */
function unsafe<Data>(schema: Keywords): Schema<Data> {
  return { ...schema } as unknown as Schema<Data>
}

/** Makes the key of an object one that may be left out. */
function optional<Data>(schema: Schema<Data>): OptionalSchema<Data> {
  const marked = { ...schema } as OptionalSchema<Data>
  optionals.add(marked)
  return marked
}

/** A map whose keys are known. All are required but those made by {@link optional}. */
function object<Keys extends Properties>(properties: Keys, keywords: Keywords = {}): Schema<DataOf<Keys>> {
  const required = Object.keys(properties).filter((key) => !optionals.has(properties[key] ?? {}))
  const needed = required.length === 0 ? {} : { required }
  return unsafe({ type: 'object', ...needed, properties, ...keywords })
}

/** A map whose keys are any text. */
function record<Data>(values: Schema<Data>, keywords: Keywords = {}): Schema<Record<string, Data>> {
  return unsafe({ type: 'object', patternProperties: { '^.*$': values }, ...keywords })
}

function array<Data>(items: Schema<Data>, keywords: Keywords = {}): Schema<Data[]> {
  return unsafe({ type: 'array', items, ...keywords })
}

/** One word of a closed set. */
function words<const Word extends string>(known: readonly Word[], keywords: Keywords = {}): Schema<Word> {
  return unsafe({ enum: [...known], ...keywords })
}

/** Exactly this text. */
function literal<const Text extends string>(text: Text, keywords: Keywords = {}): Schema<Text> {
  return unsafe({ type: 'string', const: text, ...keywords })
}

function string(keywords: Keywords = {}): Schema<string> {
  return unsafe({ type: 'string', ...keywords })
}

function integer(keywords: Keywords = {}): Schema<number> {
  return unsafe({ type: 'integer', ...keywords })
}

function number(keywords: Keywords = {}): Schema<number> {
  return unsafe({ type: 'number', ...keywords })
}

function boolean(keywords: Keywords = {}): Schema<boolean> {
  return unsafe({ type: 'boolean', ...keywords })
}

/** Any data. */
function unknown(keywords: Keywords = {}): Schema<unknown> {
  return unsafe(keywords)
}

/** Read as `Type.Object`, `Type.String`: schemas look like the types that they make. */
export const Type = {
  Array: array,
  Boolean: boolean,
  Enum: words,
  Integer: integer,
  Literal: literal,
  Number: number,
  Object: object,
  Optional: optional,
  Record: record,
  String: string,
  Unknown: unknown,
  Unsafe: unsafe,
} as const
