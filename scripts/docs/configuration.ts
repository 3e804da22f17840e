/**
 * docs/configuration.md out of the schema: every key with type, default, bounds and meaning.
 */
import { fileSchema } from '../../src/config/config-schema.ts'
import { SETTINGS_KINDS } from '../../src/gateway/load-config.ts'
import type { KindsNode, SchemaNode } from '../../src/schema/node.ts'
import { listOf } from '../../src/schema/suggest.ts'

const INTRODUCTION = `# Configuration

<!-- Made from the schemas in src by a test; to change it, change the schema and run
     npx vitest run --project unit test/unit/config/generated.test.ts -u -->

mapgate reads one YAML file: the one given by \`-c\`, else \`./mapgate.yaml\`, else \`/etc/mapgate/mapgate.yaml\`.
\`mapgate check\` finds every problem in it, \`mapgate init\` writes a first one, and \`mapgate schema\` prints a JSON Schema
with which an editor completes and explains the keys.

- Keys are camelCase. An unknown key is an error.
- Durations have a unit: \`250ms\`, \`2s\`, \`5m\`, \`1h\`, \`1d\`. Sizes too: \`64KiB\`, \`1MiB\`, \`1GiB\`.
- YAML 1.2: \`off\`, \`on\`, \`yes\` and \`no\` are text.
- In any text, \`\${env:NAME}\` stands for a variable of the environment, \`\${file:PATH}\` for what a file holds (one line end at
  its end is dropped), \`\${credential:NAME}\` for a file in \`$CREDENTIALS_DIRECTORY\` (systemd); \`$\${\` is a literal \`\${\`.
- Relative paths start at the folder of the configuration file.
- What came from a file or credential, and what stands in a header, token or password, is shown as \`***\` everywhere. Such
  files are read again on reload, and at most once a minute after a service refused a credential.

The shortest useful file:

\`\`\`yaml
listeners:
  - protocol: socketmap
    listen: inet:127.0.0.1:8464
upstreams:
  directory:
    endpoints: [http://127.0.0.1:8080]
tables:
  aliases:
    upstream: directory
    request:
      path: /aliases/{key}
\`\`\`
`

/** Makes the whole page. */
export function configurationPage(): string {
  return `${[INTRODUCTION, ...sections('', fileSchema(SETTINGS_KINDS), 'The file')].join('\n')}`
}

/** One section for a map, then one for each map in it. */
function sections(path: string, schema: SchemaNode, title: string): string[] {
  const rows: string[] = []
  const below: string[] = []
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? key : `${path}.${key}`
    const inner = innerMap(part, at)
    const isNeeded = schema.required?.includes(key) === true && part.default === undefined
    rows.push(row(key, part, isNeeded, inner?.path))
    if (inner !== undefined) below.push(...sectionsOf(inner))
  }
  const about = path !== '' && schema.description !== undefined ? [schema.description, ''] : []
  return [`## ${title}`, '', ...about, ...HEADER, ...rows, '', ...below]
}

/** A map, or one of several kinds: the keys of all, and then those of each. */
function sectionsOf({ path, schema }: Inner): string[] {
  const title = `\`${path}\``
  if (schema.kinds === undefined) return sections(path, schema, title)
  const { common, each }: KindsNode = schema.kinds
  const ofEach = each.flatMap((kind) => sections(path, kind.own, `${title} ${kind.title}`))
  if (Object.keys(common.properties ?? {}).length > 0) return [...sections(path, common, title), ...ofEach]
  const kinds = each.map((kind) => `[${kind.title}](#${anchor(`${path} ${kind.title}`)})`)
  return [`## ${title}`, '', `One of: ${kinds.join(', ')}.`, '', ...ofEach]
}

/** The keys of one map, as a table. */
export function keysTable(schema: SchemaNode): readonly string[] {
  const rows = Object.entries(schema.properties ?? {}).map(([key, part]) =>
    row(key, part, schema.required?.includes(key) === true && part.default === undefined, undefined),
  )
  return [...HEADER, ...rows]
}

const HEADER = ['| Key | Type | Default | Bounds | Meaning |', '| --- | --- | --- | --- | --- |']

/** The map that a key holds, or holds by name or in a list: it gets a section of its own. */
function innerMap(part: SchemaNode, at: string): Inner | undefined {
  if (part.partOf !== undefined) return undefined
  if (part.properties !== undefined) return { path: at, schema: part }
  if (part.items !== undefined && isSection(part.items)) return { path: `${at}[]`, schema: part.items }
  const { additionalProperties, then: chosen, else: other } = part
  if (typeof additionalProperties === 'object' && isSection(additionalProperties)) {
    return { path: `${at}.NAME`, schema: additionalProperties }
  }
  for (const branch of [chosen, other]) {
    if (branch?.properties !== undefined) return { path: at, schema: branch }
  }
  return undefined
}

interface Inner {
  readonly path: string
  readonly schema: SchemaNode
}

function isSection({ properties, kinds }: SchemaNode): boolean {
  return properties !== undefined || kinds !== undefined
}

function row(key: string, part: SchemaNode, isNeeded: boolean, section: string | undefined): string {
  const link = section === undefined ? '' : ` See [\`${section}\`](#${anchor(section)}).`
  const cells = [
    `\`${key}\``,
    typeOf(part),
    isNeeded ? '**needed**' : defaultOf(part),
    boundsOf(part),
    `${part.description ?? ''}${link}`,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** The id that GitHub gives to a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-')
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true`, `false`',
  object: 'map',
}

function typeOf(part: SchemaNode): string {
  if (part.duration !== undefined) return 'duration'
  if (part.size !== undefined) return 'size'
  if (part.file !== undefined) return 'file'
  if (part.enum !== undefined) return listOf(part.enum.map((word) => `\`${word}\``))
  if (part.then !== undefined && part.else !== undefined)
    return `${typeOf(part.then)}, or ${typeOf(part.else)}`
  if (part.type === 'array')
    return part.items === undefined || !isSection(part.items)
      ? `list of ${typeOf(part.items ?? {})}`
      : 'list of maps'
  if (part.type === 'object' && typeof part.additionalProperties === 'object') return 'map by name'
  return TYPES[part.type ?? ''] ?? 'anything'
}

function defaultOf(part: SchemaNode): string {
  if (part.defaultText !== undefined) return part.defaultText
  if (part.default === undefined) return '—'
  return isSectionDefault(part) ? 'see its keys' : `\`${JSON.stringify(part.default)}\``
}

/** An empty map that stands for "all keys at their defaults". */
function isSectionDefault(part: SchemaNode): boolean {
  const hasKeys = part.properties !== undefined || part.then?.properties !== undefined
  return hasKeys && JSON.stringify(part.default) === '{}'
}

function boundsOf(part: SchemaNode): string {
  const unit = part.duration ?? part.size
  if (unit !== undefined) return `${unit.min} to ${unit.max}`
  if (part.minimum !== undefined && part.maximum !== undefined) return `${part.minimum} to ${part.maximum}`
  if (part.minLength !== undefined && part.minLength > 1) return `at least ${part.minLength} characters`
  if (part.maxLength !== undefined) return `at most ${part.maxLength} characters`
  if (part.maxItems !== undefined) return `${part.minItems ?? 0} to ${part.maxItems} items`
  if (part.minItems !== undefined) return `at least ${part.minItems}`
  return part.expected ?? ''
}
