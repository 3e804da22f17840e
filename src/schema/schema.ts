/**
 * Builds schemas whose TypeScript types are known: of the data as it is written, and of the settings
 * that it decodes to. The configuration and the admin API are described with them.
 *
 * What decoding does to a map of known keys: every key is there, undefined where it was left out and
 * has no default; the key of a duration says its unit, so `timeout: 2s` becomes `timeoutMs: 2000`.
 * The key of a size says it itself (`maxBodyBytes`). A map of any keys becomes a `ReadonlyMap`.
 *
 * The few kinds that are used here, and no library: docs/decisions/0005.
 */

/** Carry types; no schema has them at run time. */
declare const DATA: unique symbol
declare const SETTINGS: unique symbol
declare const OPTIONAL: unique symbol
declare const DURATION: unique symbol

/** The schema of data, and what the data decodes to. */
export interface Schema<Data = unknown, Value = Data> {
  readonly [DATA]: Data
  readonly [SETTINGS]: Value
}

/** Of a key that may be left out. */
export interface Optional {
  readonly [OPTIONAL]: true
}

/** Of a text with a unit of time. */
export interface Duration {
  readonly [DURATION]: true
}

export type DurationSchema = Schema<string, number> & Duration

/** The type of the data that a schema describes. */
export type Static<Described extends Schema> = Described[typeof DATA]

/** The type of what that data decodes to. */
export type Settings<Described extends Schema> = Described[typeof SETTINGS]

type Keys = Readonly<Record<string, Schema>>
type Flat<Data> = { [Key in keyof Data]: Data[Key] }
type OptionalKeys<Known extends Keys> = {
  [Key in keyof Known]: Known[Key] extends Optional ? Key : never
}[keyof Known]
type DataOf<Known extends Keys> = Flat<
  { -readonly [Key in Exclude<keyof Known, OptionalKeys<Known>>]: Static<Known[Key]> } & {
    -readonly [Key in OptionalKeys<Known>]?: Static<Known[Key]>
  }
>
type SettingsOf<Known extends Keys> = {
  readonly [Key in keyof Known as Known[Key] extends Duration ? `${Key & string}Ms` : Key]:
    | Settings<Known[Key]>
    | (Known[Key] extends Optional ? undefined : never)
}

/** The schema of a map of known keys. */
type ObjectSchema<Known extends Keys = Keys> = Schema<DataOf<Known>, SettingsOf<Known>>

/** Further keywords, those of `node.ts` among them. */
export type Keywords = Readonly<Record<string, unknown>>

/** Marked beside the schemas, so that nothing that is no keyword is in them. */
const optionals = new WeakSet<object>()

/** A schema that is written by hand, with the types of its data and of its settings. */
function unsafe<Data, Value = Data>(schema: Keywords): Schema<Data, Value> {
  return { ...schema } as unknown as Schema<Data, Value>
}

/** Makes the key of an object one that may be left out. */
function optional<Described extends Schema>(schema: Described): Described & Optional {
  const marked = { ...schema } as Described & Optional
  optionals.add(marked)
  return marked
}

/** A map whose keys are known. All are required but those made by {@link optional}. */
function object<Known extends Keys>(properties: Known, keywords: Keywords = {}): ObjectSchema<Known> {
  const required = Object.keys(properties).filter((key) => !optionals.has(properties[key] ?? {}))
  const needed = required.length === 0 ? {} : { required }
  return unsafe({ type: 'object', ...needed, properties, ...keywords })
}

/** A map whose keys are any text. */
function record<Data>(values: Schema<Data>, keywords: Keywords = {}): Schema<Record<string, Data>> {
  return unsafe({ type: 'object', patternProperties: { '^.*$': values }, ...keywords })
}

function array<Data, Value>(
  items: Schema<Data, Value>,
  keywords: Keywords = {},
): Schema<Data[], readonly Value[]> {
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
