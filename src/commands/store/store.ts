/**
 * `mapgate store`: shows, exports and imports the entries of a table that Postfix writes.
 */
import { counted, duration } from '../../presentation/format.ts'
import { printableJson, printableValue } from '../../presentation/printable.ts'
import { AdminClient, type AdminReply, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { findAdmin } from '../admin-target.ts'
import { columns } from '../columns.ts'
import {
  CommandError,
  EXIT_NOT_FOUND,
  EXIT_OK,
  EXIT_PERMANENT,
  EXIT_TEMPORARY,
  EXIT_UNREACHABLE,
  EXIT_USAGE,
} from '../exit-codes.ts'
import { inputLines } from '../input-lines.ts'
import type { InteractiveIo } from '../terminal.ts'
import type { StoreAction, StoreOptions } from './actions.ts'

/** Entries that `list` shows without `--limit`. Ours: one screen. */
const SHOWN = 20

/** Entries asked for at once. Source: the admin API takes no more. */
const PAGE = 1000

/** Characters of one request to import, roughly: the admin API takes 1 MiB. */
const MAX_BODY_CHARS = 262_144

/** Longest line of an import, bytes. Ours: the longest value, all of it escaped. */
const LINES = { what: 'entry', maxBytes: 1_048_576 }

interface Entry {
  readonly key: string
  readonly value: string
  readonly expiresAtMs?: number
}

export async function store(
  action: StoreAction,
  table: string,
  options: StoreOptions,
  io: InteractiveIo,
): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const entries = new Entries(client, table)
    switch (action) {
      case 'list':
        return await list(entries, options, io)
      case 'export':
        for await (const page of entries.pages(undefined, Number.POSITIVE_INFINITY))
          for (const entry of page) io.stdout.write(`${printableJson(entry)}\n`)
        return EXIT_OK
      case 'import':
        return await importLines(entries, table, io)
    }
  } finally {
    await client.close()
  }
}

async function list(
  entries: Entries,
  { limit = SHOWN, after }: StoreOptions,
  io: InteractiveIo,
): Promise<number> {
  const rows: string[][] = []
  const nowMs = Date.now()
  let last: string | undefined
  for await (const page of entries.pages(after, limit))
    for (const { key, value, expiresAtMs = nowMs } of page) {
      rows.push([printableValue(key), duration(Math.max(0, expiresAtMs - nowMs)), printableValue(value)])
      last = key
    }
  if (last === undefined) {
    io.stderr.write(after === undefined ? 'the table has no entries\n' : 'no entry is behind this key\n')
    return EXIT_NOT_FOUND
  }
  const head = [{ title: 'key' }, { title: 'kept for', align: 'right' as const }, { title: 'value' }]
  io.stdout.write(`${columns(head, rows).join('\n')}\n`)
  if (entries.hasMore) io.stderr.write(`more: --after ${printableValue(JSON.stringify(last))}, or --limit\n`)
  return EXIT_OK
}

async function importLines(entries: Entries, table: string, io: InteractiveIo): Promise<number> {
  let waiting: Entry[] = []
  let chars = 0
  let line = 0
  let stored = 0
  const send = async (): Promise<void> => {
    if (waiting.length > 0) stored += await entries.write(waiting)
    waiting = []
    chars = 0
  }
  for await (const bytes of inputLines(io.stdin, LINES)) {
    line++
    if (bytes.length === 0) continue
    waiting.push(entryOf(bytes.toString(), line))
    chars += bytes.length
    if (waiting.length === PAGE || chars > MAX_BODY_CHARS) await send()
  }
  await send()
  io.stdout.write(`${table}: ${counted(stored, 'line')} imported\n`)
  return EXIT_OK
}

function entryOf(text: string, line: number): Entry {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  const key = property(parsed, 'key')
  const value = property(parsed, 'value')
  const expiresAtMs = property(parsed, 'expiresAtMs')
  const isTime = expiresAtMs === undefined || typeof expiresAtMs === 'number'
  if (typeof key !== 'string' || typeof value !== 'string' || !isTime)
    throw new CommandError(
      EXIT_USAGE,
      `line ${line} of standard input is no entry; give what mapgate store export prints`,
    )
  return expiresAtMs === undefined ? { key, value } : { key, value, expiresAtMs }
}

/** The entries of one table of a running gateway. */
class Entries {
  readonly #client: AdminClient
  readonly #path: string
  /** Of the last page. */
  hasMore = false

  constructor(client: AdminClient, table: string) {
    this.#client = client
    this.#path = `/api/v1/tables/${encodeURIComponent(table)}/entries`
  }

  /** @param limit Most entries of all pages together. */
  async *pages(after: string | undefined, limit: number): AsyncGenerator<readonly Entry[]> {
    let from = after
    for (let left = limit; left > 0; ) {
      const size = `?limit=${Math.min(left, PAGE)}`
      const cursor = from === undefined ? '' : `&after=${encodeURIComponent(from)}`
      const body = this.#checked(await this.#client.get(`${this.#path}${size}${cursor}`))
      const page = property(body, 'entries')
      const next = property(body, 'next')
      if (!Array.isArray(page))
        throw this.#error(EXIT_UNREACHABLE, 'the reply has no entries; is this mapgate?')
      yield page as readonly Entry[]
      this.hasMore = typeof next === 'string'
      if (typeof next !== 'string') return
      from = next
      left -= page.length
    }
  }

  async write(entries: readonly Entry[]): Promise<number> {
    const stored = property(this.#checked(await this.#client.send('POST', this.#path, { entries })), 'stored')
    if (typeof stored === 'number') return stored
    throw this.#error(EXIT_UNREACHABLE, 'the reply does not say how many; is this mapgate?')
  }

  #checked({ problem, body }: AdminReply): unknown {
    if (problem === undefined) return body
    const code = problem === 'store-failed' ? EXIT_TEMPORARY : EXIT_PERMANENT
    throw this.#error(code, problemText(body) ?? 'no such table')
  }

  #error(exitCode: number, why: string): CommandError {
    return new CommandError(exitCode, `${this.#client.target.shown}: ${why}`)
  }
}
