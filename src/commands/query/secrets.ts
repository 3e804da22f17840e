/**
 * Passwords and tokens of a question. Who types `password=...` shows it to everybody who lists the processes, and to the
 * history of the shell; so it is asked for without an echo, or read from standard input.
 */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CommandError, EXIT_USAGE } from '../exit-codes.ts'
import { inputLines } from '../input-lines.ts'
import type { InteractiveIo } from '../terminal.ts'

/** Stands for "read it". */
const READ = '-'

/**
 * The attributes with those secret ones that were not typed: each `name=-`, or the first where none was named.
 *
 * @throws CommandError where there is nothing to read.
 */
export async function withSecrets(
  attributes: ReadonlyMap<string, string>,
  secret: readonly string[],
  io: InteractiveIo,
): Promise<ReadonlyMap<string, string>> {
  const [first] = secret
  const named = secret.filter((name) => attributes.has(name))
  const isRead = (name: string) => attributes.get(name) === READ
  for (const name of named)
    if (!isRead(name))
      io.stderr.write(
        `mapgate query: ${name}=... can be seen in the list of processes; write ${name}=- and give it on standard input\n`,
      )
  const missing = named.length === 0 && first !== undefined ? [first] : named.filter(isRead)
  if (missing.length > 1) throw new CommandError(EXIT_USAGE, 'one secret can be read from standard input')
  const all = new Map(attributes)
  for (const name of missing) all.set(name, await readSecret(name, io))
  return all
}

/** The words without what is secret: for what is printed. */
export function shownWords(words: readonly string[], secret: readonly string[]): string {
  return words.filter((word) => !secret.some((name) => word.startsWith(`${name}=`))).join(' ')
}

async function readSecret(name: string, io: InteractiveIo): Promise<string> {
  if (io.stdin === process.stdin && process.stdin.isTTY) return prompt(name, io)
  for await (const line of inputLines(io.stdin)) return line.toString()
  throw new CommandError(EXIT_USAGE, `no ${name} on standard input; give it as one line`)
}

/** Nothing of what is typed is shown: readline's echo goes nowhere. */
async function prompt(name: string, io: InteractiveIo): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  const given = new AbortController()
  lines.on('close', () => given.abort())
  io.stderr.write(`${name}: `)
  try {
    return await lines.question('', { signal: given.signal })
  } catch {
    throw new CommandError(EXIT_USAGE, `no ${name} was given`)
  } finally {
    io.stderr.write('\n')
    lines.close()
  }
}
