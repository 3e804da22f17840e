/**
 * Entries out of the bytes of a list, while they arrive. Pure but for the parsers' own state.
 *
 *   json     an array, or an object whose members are entries        (RFC 8259)
 *   ndjson   a JSON document in each line
 *   csv      a first line with names, then rows                      (RFC 4180)
 *   lines    `key value`, as in the source files of postmap(1)
 *
 * An entry comes with a name where the list has one for it: the member's, or the key of a line. What is not whole is
 * an error: a JSON text must end, the last line must end, a row must have all its columns.
 */
import { finished } from 'node:stream/promises'
import { JSONParser } from '@streamparser/json'
import { parse } from 'csv-parse'
import { parseJson } from '../http-client/reply/json-document.ts'
import { ListError } from './list-error.ts'
import { streamingPath } from './list-path.ts'
import { missingEntries } from './missing-entries.ts'
import { isCommentOrEmpty, isContinuation, splitPostmapLine } from './postmap-line.ts'
import { REPLICA_REASONS } from './reasons.ts'

export type ListFormat = 'json' | 'ndjson' | 'csv' | 'lines'

/** One entry as the list has it. */
export interface RawEntry {
  /** Undefined where the list has no name for its entries. */
  readonly name: string | undefined
  readonly item: unknown
}

/** Most bytes of one entry. Ours: a list of a thousand addresses has 30 KiB. */
const MAX_ENTRY_BYTES = 1_048_576

/** Longest name of a column that is shown, in characters. Ours. */
const MAX_COLUMN_SHOWN = 40

interface ListReading {
  /** JSONPath of the entries, for JSON. */
  readonly items: string
  /** What else is looked for in JSON. */
  readonly marks: readonly Mark[]
}

/** A value that is beside the entries: the next page's address, a cursor. */
export interface Mark {
  /** Path of names, `$.meta.next`. */
  readonly path: string
  readonly take: (value: unknown) => void
}

/** Reads a page: as many entries at a time as one chunk has. */
export function readEntries(
  format: ListFormat,
  chunks: AsyncIterable<Buffer>,
  reading: ListReading,
): AsyncGenerator<readonly RawEntry[]> {
  switch (format) {
    case 'json':
      return readJson(chunks, reading)
    case 'ndjson':
      return readNdjson(chunks)
    case 'csv':
      return readCsv(chunks)
    case 'lines':
      return readKeyValueLines(chunks)
  }
}

const FORMATS: Readonly<Record<string, ListFormat>> = {
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  'application/json-lines': 'ndjson',
  'text/csv': 'csv',
  'text/plain': 'lines',
}

/** The format that a content type stands for. */
export function formatOf(type: string): ListFormat | undefined {
  return FORMATS[type] ?? (/^(?:application|text)\/(?:json|[\w.-]+\+json)$/.test(type) ? 'json' : undefined)
}

async function* readJson(
  chunks: AsyncIterable<Buffer>,
  { items, marks }: ListReading,
): AsyncGenerator<readonly RawEntry[]> {
  const path = streamingPath(items)
  const names = path.split('.').slice(1, -1)
  const takers = new Map(marks.map((mark) => [mark.path, mark.take]))
  let found: RawEntry[] = []
  let isEnded = false
  let read = 0
  let bytesSinceEntry = 0
  /** All that has arrived, until there is an entry: at most {@link MAX_ENTRY_BYTES} and a chunk. */
  let before: string | undefined = ''
  const parser = new JSONParser({ paths: [path, ...takers.keys()], keepStack: false })
  parser.onEnd = () => {
    isEnded = true
  }
  parser.onValue = ({ value, key, stack }) => {
    if (stack.length === names.length + 1 && names.every((name, index) => stack[index + 1]?.key === name))
      found.push({ name: typeof key === 'string' ? key : undefined, item: value })
    else takers.get(['$', ...stack.slice(1).map((outer) => outer.key), key].join('.'))?.(value)
  }
  const text = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of chunks) {
    const part = decodePart(text, chunk, true)
    if (before !== undefined) before += part
    try {
      parser.write(chunk)
    } catch {
      throw new ListError(REPLICA_REASONS.badList, 'JSON', read + found.length + 1)
    }
    bytesSinceEntry = found.length > 0 ? 0 : bytesSinceEntry + chunk.length
    read += found.length
    if (bytesSinceEntry > MAX_ENTRY_BYTES) throw new ListError(REPLICA_REASONS.entryTooLarge, read)
    if (found.length > 0) {
      before = undefined
      yield found
    }
    found = []
  }
  decodePart(text, undefined, false)
  if (!isEnded) throw new ListError(REPLICA_REASONS.listCut)
  if (before === undefined) return
  const missing = missingEntries(parseJson(before)?.json, names)
  if (missing !== undefined) throw new ListError(REPLICA_REASONS.noEntries, missing.path, missing.found)
}

async function* readNdjson(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly RawEntry[]> {
  let at = 0
  for await (const lines of readLines(chunks)) {
    const entries: RawEntry[] = []
    for (const line of lines) {
      if (line === '') continue
      at++
      const document = parseJson(line)
      if (document === undefined) throw new ListError(REPLICA_REASONS.badList, 'NDJSON', at)
      entries.push({ name: undefined, item: document.json })
    }
    yield entries
  }
}

async function* readKeyValueLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly RawEntry[]> {
  let at = 0
  let pending: string | undefined
  const entryOf = (line: string): RawEntry => {
    const split = splitPostmapLine(line)
    at++
    if (split === undefined) throw new ListError(REPLICA_REASONS.badList, 'lines of key and value', at)
    return { name: split.key, item: split.value }
  }
  for await (const lines of readLines(chunks)) {
    const entries: RawEntry[] = []
    for (const line of lines) {
      if (isCommentOrEmpty(line)) continue
      if (isContinuation(line)) {
        if (pending === undefined) throw new ListError(REPLICA_REASONS.badList, 'lines of key and value', 1)
        pending += line
        if (pending.length > MAX_ENTRY_BYTES) throw new ListError(REPLICA_REASONS.entryTooLarge, at)
        continue
      }
      if (pending !== undefined) entries.push(entryOf(pending))
      pending = line
    }
    if (entries.length > 0) yield entries
  }
  if (pending !== undefined) yield [entryOf(pending)]
}

async function* readCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly RawEntry[]> {
  let found: RawEntry[] = []
  let failed: Error | undefined
  let read = 0
  let doubled: string | undefined
  const columns = (names: readonly string[]): string[] => {
    doubled = names.find((name, index) => names.indexOf(name) !== index)
    return [...names]
  }
  const parser = parse({ columns, bom: true, skip_empty_lines: true, max_record_size: MAX_ENTRY_BYTES })
  parser.on('data', (row: Readonly<Record<string, string>>) => found.push({ name: undefined, item: row }))
  parser.on('error', (error) => {
    failed = error
  })
  const fail = (): never => {
    throw new ListError(REPLICA_REASONS.badList, 'CSV', read + found.length + 1)
  }
  for await (const lines of readLines(chunks)) {
    const text = lines.map((line) => `${line}\n`).join('')
    await new Promise<void>((resolve) => parser.write(text, () => resolve()))
    if (doubled !== undefined)
      throw new ListError(REPLICA_REASONS.doubledColumn, doubled.slice(0, MAX_COLUMN_SHOWN))
    if (failed !== undefined) fail()
    read += found.length
    if (found.length > 0) yield found
    found = []
  }
  parser.end()
  await finished(parser).catch(() => {}) // `failed` has it
  if (failed !== undefined) fail()
  if (found.length > 0) yield found
}

/** Whole lines of each chunk, without their ends. The last one must end. */
async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  const text = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let read = 0
  for await (const chunk of chunks) {
    const lines = (rest + decodePart(text, chunk, true)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_ENTRY_BYTES) throw new ListError(REPLICA_REASONS.entryTooLarge, read)
    read += lines.length
    yield lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  }
  if (rest + decodePart(text, undefined, false) !== '') throw new ListError(REPLICA_REASONS.listCut)
}

function decodePart(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Buffer | undefined,
  stream: boolean,
): string {
  try {
    return decoder.decode(chunk, { stream })
  } catch {
    throw new ListError(REPLICA_REASONS.listNotUtf8) // TypeError of a decoder that is fatal
  }
}
