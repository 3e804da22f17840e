/**
 * `mapgate query`: asks for one key, or for every key on standard input.
 *
 *   mapgate query TABLE KEY                             a running gateway, through its admin API
 *   mapgate query tcp:HOST:PORT KEY                     any server over the wire, as Postfix names it
 *   mapgate query TABLE|SERVER NAME=VALUE ...           one that is asked by attributes
 *
 * The value goes to standard output and nothing else does, so that `$(mapgate query ...)` is
 * the value or nothing. Everything that is not a value goes to standard error.
 */
import type { LookupResult } from '../../core/result.ts'
import { resultText } from '../../presentation/explain.ts'
import { oneLine, printableJson, printableValue } from '../../presentation/printable.ts'
import { PROTOCOLS, type Protocols } from '../../protocols/registry.ts'
import {
  CommandError,
  EXIT_NOT_FOUND,
  EXIT_OK,
  EXIT_PERMANENT,
  EXIT_TEMPORARY,
  EXIT_USAGE,
} from '../exit-codes.ts'
import { inputLines } from '../input-lines.ts'
import type { LookupClient, LookupReply, QueryOptions } from '../lookup/lookup-client.ts'
import { openLookupClient } from '../lookup/open.ts'
import type { InteractiveIo } from '../terminal.ts'
import { explainLines, hiddenWireLines, wireLines } from './explain-text.ts'
import { shownWords, withSecrets } from './secrets.ts'

/** Keys asked ahead of the one whose answer is printed next. Ours: as many as the admin client has connections. */
const MAX_AHEAD = 16

const TOO_MANY = 'too many arguments: one key at a time; - reads them from standard input'

/**
 * Asks, prints, and tells by its exit code what came out.
 *
 * @param target A table name, or a server in Postfix spelling.
 * @param words The key, or `-` for the lines of standard input; or attributes as `name=value`.
 */
export async function query(
  target: string,
  words: string | readonly string[],
  options: QueryOptions,
  io: InteractiveIo,
  protocols: Protocols = PROTOCOLS,
): Promise<number> {
  const isTable = !target.includes(':')
  const [key = '', ...more] = typeof words === 'string' ? [words] : words
  const attributes = attributesOf([key, ...more])
  if (isTable && more.length > 0 && attributes === undefined) throw new CommandError(EXIT_USAGE, TOO_MANY)
  const client = await openLookupClient(target, options, io, protocols)
  try {
    // One word may be a key with an equals sign in it: the table knows.
    if (isTable && more.length === 0 && key !== '-') {
      const asked = await client.ask(Buffer.from(key))
      if (attributes === undefined || !needsAttributes(asked))
        return await queryOne(key, Promise.resolve(asked), options, io)
    }
    if (attributes !== undefined && client.askAttributes !== undefined) {
      const secretAttributes = isTable
        ? secretsBeside(attributes, protocols)
        : (client.secretAttributes ?? [])
      const all = await withSecrets(attributes, secretAttributes, io)
      const shown = shownWords([key, ...more], secretAttributes)
      return await queryOne(shown, client.askAttributes(all), options, io)
    }
    if (client.secretAttributes !== undefined)
      throw new CommandError(EXIT_USAGE, `${target} is asked by attributes; write user=NAME`)
    if (more.length > 0) throw new CommandError(EXIT_USAGE, TOO_MANY)
    if (key === '-') return await queryLines(client, options, io)
    return await queryOne(key, client.ask(Buffer.from(key)), options, io)
  } finally {
    await client.close()
  }
}

/** The core refuses a key of such a table as no request for it (reasons.ts, needsAttributes). */
function needsAttributes({ result }: LookupReply): boolean {
  return result.kind === 'permanent' && result.cause === 'bad-request'
}

/** The secrets that the clients say who say such attributes: of the first protocol that has all of them. */
function secretsBeside(attributes: ReadonlyMap<string, string>, protocols: Protocols): readonly string[] {
  const names = [...attributes.keys()]
  const spoken = [...protocols.values()].find(({ attributes: known }) => {
    const all = [...(known?.shown ?? []), ...(known?.secret ?? [])]
    return names.every((name) => all.includes(name))
  })
  return spoken?.attributes?.secret ?? []
}

/** `name=value` words by name; undefined when there is another word among them. */
function attributesOf(words: readonly string[]): ReadonlyMap<string, string> | undefined {
  const attributes = new Map<string, string>()
  for (const word of words) {
    const [, name, value] = /^([a-z][a-z0-9_]*)=(.*)$/s.exec(word) ?? []
    if (name === undefined || value === undefined || value.includes('\n')) return undefined
    attributes.set(name, value)
  }
  return attributes
}

async function queryOne(
  key: string,
  asking: Promise<LookupReply>,
  options: QueryOptions,
  io: InteractiveIo,
): Promise<number> {
  const asked = await asking
  const { result } = asked
  if (options.json === true) {
    io.stdout.write(jsonLine(key, asked))
  } else if (asked.steps !== undefined) {
    io.stdout.write(explanation(asked.steps, asked))
  } else if (result.kind === 'found') {
    io.stdout.write(`${printableValue(result.value)}\n`)
  } else {
    io.stderr.write(`mapgate query: ${oneLine(resultText(result))}\n`)
  }
  for (const protocol of Array.isArray(asked.details.tooLongFor) ? asked.details.tooLongFor : []) {
    io.stderr.write(`mapgate query: too long for ${oneLine(String(protocol))}: its clients get "try later"\n`)
  }
  return exitCode(result)
}

/**
 * Asks for every line of standard input and prints the found ones as `KEY<TAB>VALUE`, in order.
 *
 * A key without an answer is reported and the next is asked. The exit code is that of the
 * worst: 77 or 75 if any key failed so, else 0 if one was found, else 1, as `postmap -q -`.
 */
async function queryLines(client: LookupClient, options: QueryOptions, io: InteractiveIo): Promise<number> {
  const kinds = new Set<LookupResult['kind']>()
  const ahead: Promise<void>[] = []
  let printed: Promise<void> = Promise.resolve()
  for await (const key of inputLines(io.stdin)) {
    const asking = client.ask(key)
    printed = printed.then(async () => {
      const asked = await asking
      kinds.add(asked.result.kind)
      printLine(key, asked, options, io)
    })
    // The loop sees a failure when it waits for this line; until then it is not unhandled.
    for (const promise of [asking, printed]) promise.catch(() => {})
    ahead.push(printed)
    if (ahead.length >= MAX_AHEAD) await ahead.shift()
  }
  await printed
  if (kinds.has('permanent')) return EXIT_PERMANENT
  if (kinds.has('temporary')) return EXIT_TEMPORARY
  return kinds.has('found') ? EXIT_OK : EXIT_NOT_FOUND
}

function printLine(key: Buffer, asked: LookupReply, options: QueryOptions, io: InteractiveIo): void {
  const { result, steps } = asked
  if (options.json === true) {
    io.stdout.write(jsonLine(key.toString(), asked))
  } else if (steps !== undefined) {
    io.stdout.write(`${key}\n${explanation(steps, asked)}`)
  } else if (result.kind === 'found') {
    // The key's own bytes: it need not be UTF-8.
    io.stdout.write(Buffer.concat([key, Buffer.from(`\t${printableValue(result.value)}\n`)]))
  } else if (result.kind !== 'notfound') {
    io.stderr.write(`mapgate query: ${printableJson(key.toString())}: ${oneLine(resultText(result))}\n`)
  }
}

function explanation(steps: readonly unknown[], { details }: LookupReply): string {
  return [...explainLines(steps), ...wireLines(details.wire), ...hiddenWireLines(steps)]
    .map((line) => `${line}\n`)
    .join('')
}

/** One line of JSON, for scripts. */
function jsonLine(key: string, asked: LookupReply): string {
  const { result, details, steps } = asked
  return `${printableJson({ key, ...result, ...details, ...(steps === undefined ? {} : { steps }) })}\n`
}

function exitCode(result: LookupResult): number {
  switch (result.kind) {
    case 'found':
      return EXIT_OK
    case 'notfound':
      return EXIT_NOT_FOUND
    case 'temporary':
      return EXIT_TEMPORARY
    case 'permanent':
      return EXIT_PERMANENT
  }
}
