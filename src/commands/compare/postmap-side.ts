/**
 * Asks what the local Postfix reads: `postmap -q - TYPE:NAME ...`, which needs no map type of ours. Of several maps the first
 * that has the key answers, as in main.cf.
 *
 * postmap(1) prints `KEY<TAB>VALUE` for each line that is found, in order. It has no word for a lookup that failed: it ends,
 * and nobody knows about the keys behind. So a group of keys that fails is asked in halves, down to the key that fails.
 */
import { spawn } from 'node:child_process'
import type { LookupResult } from '../../core/result.ts'
import { found, NOT_FOUND, temporary } from '../../core/result.ts'
import { CommandError, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

/** Longest message of postmap that is kept, in characters. Ours. */
const MAX_MESSAGE = 500

/** Keys in a row that may fail before the rest of a group is not asked. Ours: postmap waits a second before it ends in failure. */
const MAX_FAILED_KEYS = 5

const TAB = 0x09

/** Runs postmap. */
type RunPostmap = (maps: readonly string[], input: Buffer) => Promise<PostmapOutput>

interface PostmapOutput {
  readonly stdout: Buffer
  readonly stderr: string
}

export class PostmapSide {
  readonly shown: string
  readonly #maps: readonly string[]
  readonly #run: RunPostmap
  #failedInARow = 0

  /** @param maps TYPE:NAME each. */
  constructor(maps: readonly string[], run: RunPostmap) {
    this.shown = `postmap:${maps.join(', ')}`
    this.#maps = maps
    this.#run = run
  }

  /** Asks for one key, since postmap opens a table for its first one. @throws CommandError when it cannot. */
  async tryOpen(): Promise<void> {
    for (const map of this.#maps) {
      const { stderr } = await this.#run([map], Buffer.from('postmaster\n'))
      const failure = failureIn(stderr)
      if (failure !== undefined) throw new CommandError(EXIT_UNREACHABLE, `postmap:${map}: ${failure}`)
    }
  }

  ask(keys: readonly Buffer[]): Promise<readonly LookupResult[]> {
    this.#failedInARow = 0
    return this.#ask(keys)
  }

  async close(): Promise<void> {}

  async #ask(keys: readonly Buffer[]): Promise<readonly LookupResult[]> {
    if (keys.length === 0) return []
    if (this.#failedInARow >= MAX_FAILED_KEYS) return keys.map(() => NOT_ASKED)
    // A key with a tab cannot be told from a key and its value.
    if (keys.length > 1 && keys.some((key) => key.includes(TAB))) return this.#inHalves(keys)
    const input = Buffer.concat(keys.flatMap((key) => [key, NEWLINE]))
    const { stdout, stderr } = await this.#run(this.#maps, input)
    const failure = failureIn(stderr)
    const results = failure === undefined ? readResults(keys, stdout) : undefined
    if (results === undefined && keys.length > 1) return this.#inHalves(keys)
    this.#failedInARow = results === undefined ? this.#failedInARow + 1 : 0
    return results ?? [temporary('service', failure ?? 'postmap printed another key')]
  }

  async #inHalves(keys: readonly Buffer[]): Promise<readonly LookupResult[]> {
    const middle = keys.length >> 1
    const first = await this.#ask(keys.slice(0, middle))
    return [...first, ...(await this.#ask(keys.slice(middle)))]
  }
}

const NOT_ASKED = temporary(
  'service',
  `not asked, since postmap failed for ${MAX_FAILED_KEYS} keys before it`,
)

const NEWLINE = Buffer.from('\n')

/** What postmap says when it ends early; a warning alone is none. */
function failureIn(stderr: string): string | undefined {
  const line = stderr.split('\n').find((text) => /(?:^|: )(?:fatal|panic|error): /.test(text))
  return line?.replace(/^.*?(?:fatal|panic|error): /, '').slice(0, MAX_MESSAGE)
}

/** The results of the keys, in order; undefined when a line is of none of them. */
function readResults(keys: readonly Buffer[], stdout: Buffer): readonly LookupResult[] | undefined {
  let at = 0
  const results = keys.map((key) => {
    const value = at + key.length
    if (stdout[value] !== TAB || !stdout.subarray(at, value).equals(key)) return NOT_FOUND
    const newline = stdout.indexOf('\n', value)
    const end = newline === -1 ? stdout.length : newline
    at = end + 1
    return found(stdout.toString('utf8', value + 1, end))
  })
  return at < stdout.length ? undefined : results
}

/** @param env Of the person: MAIL_CONFIG says which Postfix is meant (postmap(1)). */
export function postmapRunner(program: string, env: CommandIo['env']): RunPostmap {
  return (maps, input) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, ['-q', '-', ...maps], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...env } })
      const out: Buffer[] = []
      const err: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
      // It may end before it has read everything: what it says about that is on standard error.
      child.stdin.on('error', () => {})
      child.once('error', (error) =>
        reject(
          new CommandError(
            EXIT_UNREACHABLE,
            `${program} cannot be started: ${error.message}; is Postfix installed here?`,
          ),
        ),
      )
      child.once('close', (_code, signal) => {
        const stderr = Buffer.concat(err).toString()
        resolve({
          stdout: Buffer.concat(out),
          stderr: signal === null ? stderr : `${stderr}\nfatal: ended by ${signal}`,
        })
      })
      child.stdin.end(input)
    })
}
