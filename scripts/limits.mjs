/**
 * node scripts/limits.mjs [--print]
 *
 * Writes the constants of docs/limits.md out of the sources, where each limit has its unit in its name
 * and its reason in its comment. With --print it shows the whole file instead; a test compares both.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENT = join(root, 'docs/limits.md')
const BEGIN = '<!-- constants: written by scripts/limits.mjs -->'

/** Folders of the running gateway; commands have limits of their own that cost no lookup. */
const FOLDERS = [
  'protocols',
  'client',
  'server',
  'core',
  'upstreams',
  'gateway',
  'persistence',
  'observability',
  'admin',
  'config',
  'library',
]

/** Runs in the browser. */
const PAGE = 'page/'

/** Names of constants that bound something. */
const LIMIT =
  /^(?:MAX|MIN|MOST|LONGEST|RESERVE|BACKLOG|HISTORY|LAG)(?:_|$)|_(?:MS|BYTES|CHARS|CHARACTERS|LENGTH|POINTS|TRIES|DESCRIPTORS|RETRIES|SECOND|SHARE|CONNECTIONS|DEPTH)$/

/** Sizes and units that are no bound. */
const NOT_A_LIMIT =
  /^(?:MS_PER_|.*(?:PREAMBLE|BLOCK_HEADER|ENTRY_FIXED|ENTRY_START|STATUS|TRACE_ID|SPAN_ID|OVERHEAD)|HASH_LENGTH|VERSION_|MAX_PORT|MAX_OCTET|MAX_SHORT_TEXT|WINDOW_MS|MINUTE_MS|DAY_MS|BYTES_PER|.*_UNITS_)/

const CONSTANT =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = ([0-9][0-9_ *.]*)\n/g
const ANY_CONSTANT = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = [0-9]/gm
const FIELD = /^ {2}\/\*\* (.*) \*\/\n {2}readonly (\w+): number$/gm

function constants(file) {
  const text = readFileSync(join(root, 'src', file), 'utf8')
  const isLimit = (name) => LIMIT.test(name) && !NOT_A_LIMIT.test(name)
  const found = Array.from(text.matchAll(CONSTANT), ([, comment, name, value]) => ({
    file,
    name,
    value: number(value),
    reason: sentence(comment),
  })).filter(({ name }) => isLimit(name))
  for (const [, name] of text.matchAll(ANY_CONSTANT))
    if (isLimit(name) && !found.some((one) => one.name === name))
      throw new Error(`src/${file}: ${name} has no comment that says what it bounds, and why`)
  return found
}

/** The limits of the admin API stand in one object; their reasons at the type. */
function adminLimits() {
  const file = 'admin/limits.ts'
  const text = readFileSync(join(root, 'src', file), 'utf8')
  return Array.from(text.matchAll(FIELD), ([, reason, name]) => {
    const value = new RegExp(`^ {2}${name}: ([0-9_ *]+|[A-Z_]+),`, 'm').exec(text)?.[1] ?? ''
    return { file, name, value: number(value), reason: `${reason} Ours.` }
  })
}

function number(text) {
  if (!/^[0-9_ *.]+$/.test(text)) return `as \`${text}\``
  const value = text
    .replaceAll('_', '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1)
  return value.toLocaleString('en-US')
}

function sentence(comment) {
  return comment
    .replace(/\s*\n\s*\*\s?/g, ' ')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll('|', '\\|')
    .trim()
}

function table() {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith(PAGE))
      .sort()
      .map((file) => join(folder, file)),
  )
  const rows = [...files.flatMap(constants), ...adminLimits()].map(
    ({ file, name, value, reason }) => `| \`${name}\` | ${value} | ${reason} | src/${file} |`,
  )
  return [
    '| constant | value | what it bounds, and why | where |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

const [head] = readFileSync(DOCUMENT, 'utf8').split(BEGIN)
const document = `${head}${BEGIN}\n\n${table()}\n`
if (process.argv.includes('--print')) process.stdout.write(document)
else writeFileSync(DOCUMENT, document)
