/**
 * `mapgate compare`: asks two tables for the same keys, and says where they differ.
 *
 * Each group of keys is asked of both at the same time, and is judged and printed before the next one, so that the output is in
 * the order of the list and a place to go on from is a number of lines.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { POSTFIX_PARAMETERS } from '../../config/postfix-parameters.ts'
import type { LookupResult } from '../../core/result.ts'
import { type Outcome, outcomeOf } from '../../core/shadow/comparison.ts'
import { count, rate as perSecond } from '../../presentation/format.ts'
import { PROTOCOLS, type Protocols } from '../../protocols/registry.ts'
import { didYouMean } from '../../schema/suggest.ts'
import { CommandError, EXIT_NOT_FOUND, EXIT_OK, EXIT_TEMPORARY, EXIT_USAGE } from '../exit-codes.ts'
import { inputLines } from '../input-lines.ts'
import { progressBar } from '../progress-bar.ts'
import { type EndRequest, endRequest, type InteractiveIo } from '../terminal.ts'
import { nothingDone, Place, type Progress } from './place.ts'
import { differenceLine, jsonDifference, jsonTotals, totalsLines } from './report.ts'
import type { Side } from './side.ts'
import { openSide, type SideOptions } from './sides.ts'

/** Keys that are asked together. Ours: a few for each connection, and few enough that Ctrl-C and a rate are obeyed at once. */
const GROUP = 100

/** Keys in a row that one table may fail for. Ours: then it is down, and going on only asks it for nothing. */
const MAX_FAILED_IN_A_ROW = 50

export interface CompareOptions extends SideOptions {
  /** A file with a key a line; `-` for standard input. */
  readonly keys: string
  /** Most keys asked each second. */
  readonly rate?: number
  /** Values are the same only by the letter. */
  readonly exact?: boolean
  /** A file that keeps the place. */
  readonly resume?: string
}

/** What a test replaces. */
interface CompareParts {
  readonly protocols: Protocols
  readonly endRequest: () => EndRequest
}

export async function compare(
  targets: { readonly a: string; readonly b: string },
  options: CompareOptions,
  io: InteractiveIo,
  parts: CompareParts = { protocols: PROTOCOLS, endRequest },
): Promise<number> {
  const { keys, exact = false, usedBy, recipientDelimiter } = options
  tellParameter(options)
  const comparison = { ...targets, keys, exact, usedBy, recipientDelimiter }
  const place = options.resume === undefined ? undefined : new Place(options.resume, comparison)
  const progress = (await place?.read()) ?? nothingDone()
  const total = keys === '-' ? undefined : await sizeOf(keys)
  const sides: Side[] = []
  const end = parts.endRequest()
  try {
    for (const target of [targets.a, targets.b])
      sides.push(await openSide(target, options, io, parts.protocols))
    const [a, b] = sides as [Side, Side]
    const run = new Comparison(a, b, { ...options, exact }, io, progress, total)
    const ending = await run.run(place, end)
    if (ending === 'complete') await place?.remove()
    return run.finish(ending)
  } finally {
    end.dispose()
    await Promise.all(sides.map((side) => side.close()))
  }
}

function tellParameter({ usedBy, recipientDelimiter }: CompareOptions): void {
  if (usedBy === undefined) {
    if (recipientDelimiter !== undefined)
      throw new CommandError(EXIT_USAGE, '--recipient-delimiter is only for --used-by; add it')
    return
  }
  if (POSTFIX_PARAMETERS.has(usedBy)) return
  const advice = didYouMean(usedBy, [...POSTFIX_PARAMETERS.keys()])
  throw new CommandError(EXIT_USAGE, `--used-by ${usedBy}: is not a parameter that mapgate knows; ${advice}`)
}

type Ending = 'complete' | 'interrupted' | 'a fails' | 'b fails'

class Comparison {
  readonly #a: Side
  readonly #b: Side
  readonly #options: CompareOptions
  readonly #io: InteractiveIo
  readonly #progress: Progress
  readonly #total: number | undefined
  readonly #failedInARow = { a: 0, b: 0 }
  readonly #startedAtMs = performance.now()
  #asked = 0
  /** Keys behind the place where it ended; undefined where nobody knows. */
  #notAsked: number | undefined

  constructor(
    a: Side,
    b: Side,
    options: CompareOptions,
    io: InteractiveIo,
    progress: Progress,
    total: number | undefined,
  ) {
    this.#a = a
    this.#b = b
    this.#options = options
    this.#io = io
    this.#progress = progress
    this.#total = total
  }

  async run(place: Place | undefined, end: EndRequest): Promise<Ending> {
    let isEnding = false
    void end.promise.then(() => {
      isEnding = true
    })
    const { keys, rate = Number.POSITIVE_INFINITY } = this.#options
    const input = keys === '-' ? this.#io.stdin : createReadStream(keys)
    let done = this.#progress.lines
    let group: Buffer[] = []
    let ending: Ending | undefined
    let notAsked = 0
    const size = Math.max(1, Math.min(GROUP, Math.floor(rate)))
    for await (const line of inputLines(input)) {
      if (done > 0) {
        done--
        continue
      }
      if (ending !== undefined) {
        if (line.length > 0) notAsked++
        continue
      }
      group.push(line)
      if (group.length < size) continue
      ending = await this.#group(group, rate)
      group = []
      if (ending === undefined) await place?.write(this.#progress)
      if (isEnding) ending ??= 'interrupted'
      // Standard input may have no end.
      if (ending !== undefined && keys === '-') return ending
    }
    ending ??= await this.#group(group, rate)
    this.#notAsked = notAsked
    return ending ?? 'complete'
  }

  /** Prints the totals. */
  finish(ending: Ending): number {
    const { json, resume } = this.#options
    const { totals } = this.#progress
    this.#draw('')
    const shown = { a: this.#a.shown, b: this.#b.shown }
    const isComplete = ending === 'complete'
    this.#io.stdout.write(
      json === true
        ? jsonTotals(shown, totals, isComplete)
        : totalsLines(shown, totals, isComplete ? 'complete' : this.#notAsked),
    )
    if (!isComplete) {
      const again =
        resume === undefined
          ? '; with --resume FILE the next call goes on from there'
          : '; the same call goes on from there'
      this.#io.stderr.write(`mapgate compare: ${why(ending, shown)}${again}\n`)
    }
    if (totals['only in A'] + totals['only in B'] + totals.different > 0) return EXIT_NOT_FOUND
    return isComplete && totals.failed === 0 && totals.same > 0 ? EXIT_OK : EXIT_TEMPORARY
  }

  async #group(lines: readonly Buffer[], rate: number): Promise<Ending | undefined> {
    const startedAtMs = performance.now()
    // An empty line is a slip of the list, and no key that Postfix would ask for.
    const keys = lines.filter((line) => line.length > 0)
    const [ofA, ofB] = await Promise.all([this.#a.ask(keys), this.#b.ask(keys)])
    let failing: Ending | undefined
    for (const [index, key] of keys.entries()) {
      const a = ofA[index]
      const b = ofB[index]
      if (a === undefined || b === undefined) throw new TypeError('a key without a result')
      this.#judge(key, a, b)
      if (this.#fails('a', a)) failing ??= 'a fails'
      if (this.#fails('b', b)) failing ??= 'b fails'
    }
    this.#asked += keys.length
    this.#progress.lines += lines.length
    for (const line of lines) this.#progress.bytes += line.length + 1
    this.#drawProgress()
    const leastMs = (keys.length / rate) * 1000
    await sleep(Math.max(0, startedAtMs + leastMs - performance.now()))
    return failing
  }

  #judge(key: Buffer, a: LookupResult, b: LookupResult): void {
    const outcome: Outcome = outcomeOf(a, b, this.#options.exact === true)
    this.#progress.totals[outcome]++
    if (outcome === 'same') {
      if (a.kind === 'found') this.#progress.totals['found in both']++
      return
    }
    this.#draw('')
    const difference = { key: key.toString(), outcome, a, b }
    this.#io.stdout.write(
      this.#options.json === true ? jsonDifference(difference) : `${differenceLine(difference)}\n`,
    )
  }

  #fails(side: 'a' | 'b', { kind }: LookupResult): boolean {
    const isFailure = kind === 'temporary' || kind === 'permanent'
    this.#failedInARow[side] = isFailure ? this.#failedInARow[side] + 1 : 0
    return this.#failedInARow[side] >= MAX_FAILED_IN_A_ROW
  }

  #drawProgress(): void {
    const share = this.#total === undefined ? undefined : this.#progress.bytes / Math.max(1, this.#total)
    const seconds = (performance.now() - this.#startedAtMs) / 1000
    const { totals, lines } = this.#progress
    const differences = totals['only in A'] + totals['only in B'] + totals.different
    this.#draw(
      `${progressBar(share)} ${count(lines)} keys, ${perSecond(this.#asked / seconds)}/s, ${count(differences)} differ`,
    )
  }

  #draw(line: string): void {
    const { stderr } = this.#io
    if (stderr.isTTY === true) stderr.write(`\r\x1b[K${line}`)
  }
}

function why(ending: Ending, { a, b }: { readonly a: string; readonly b: string }): string {
  if (ending === 'interrupted') return 'stopped before the end of the list'
  const failing = ending === 'a fails' ? `A (${a})` : `B (${b})`
  return `stopped: ${failing} failed for ${MAX_FAILED_IN_A_ROW} keys in a row`
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const { size, mode } = await stat(file)
    // A pipe has no size, and a folder no keys.
    if ((mode & 0o170000) === 0o040000)
      throw new CommandError(EXIT_USAGE, `${file}: is a folder; name a file with a key a line`)
    return size === 0 ? undefined : size
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(
      EXIT_USAGE,
      `${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}; name a file with a key a line, or -`,
    )
  }
}
