/**
 * What `mapgate check --ask` says of the list of a table with a replica:
 *
 *   mailboxes  directory  list: 12,000 entries, 840 KiB, 120 ms
 *              first: "ann@example.com" "ann/", ...
 *              changes since then: 0 entries, 12 ms
 *              20 of 20 are the same by the route for single keys
 */
import { systemClock } from '../../core/clock.ts'
import { bytes, count, duration } from '../../presentation/format.ts'
import type { ChangesTrial, ListTrial, Probe } from '../../upstreams/kind.ts'

/** Longest text of an entry that is shown, in characters. Ours: three fit a line. */
const MAX_SHOWN_LENGTH = 40

interface TriedList {
  readonly lines: readonly string[]
  readonly isGood: boolean
}

/**
 * @param probe Asks single keys; undefined for a table that never does.
 * @param hide Takes the secrets out of a text.
 */
export async function triedList(
  trial: ListTrial,
  probe: Probe | undefined,
  hide: (text: string) => string,
): Promise<TriedList> {
  const { entries, first, duplicates, repeats, unusable, bad, failure, changes } = trial
  const lines = [
    `list: ${count(entries)} ${entries === 1 ? 'entry' : 'entries'}, ${bytes(trial.bytes)}, ${duration(trial.tookMs)}`,
  ]
  if (first.length > 0)
    lines.push(`first: ${first.map((entry) => entry.map((text) => quoted(hide(text))).join(' ')).join(', ')}`)
  if (failure !== undefined) lines.push(`NOT USABLE: ${failure}`)
  if (duplicates > 0) lines.push(`NOT USABLE: ${keys(duplicates)} more than once`)
  if (repeats > 0) lines.push(`${keys(repeats)} more than once with the same value, which counts once`)
  if (unusable > 0) lines.push(`NOT USABLE: ${count(unusable)} entries cannot be used: ${bad.join('; ')}`)
  if (entries === 0 && failure === undefined)
    lines.push('NOT USABLE: a list without entries is kept aside until it is accepted')
  if (changes !== undefined) lines.push(changesLine(changes))
  const isRead = lines.every((line) => !line.startsWith('NOT USABLE'))
  if (probe === undefined || trial.sample.length === 0) return { lines, isGood: isRead }
  const compared = await compare(trial, probe, hide)
  return { lines: [...lines, ...compared.lines], isGood: isRead && compared.isGood }
}

function changesLine({ failure, entries, tookMs }: ChangesTrial): string {
  if (failure !== undefined) return `NOT USABLE: changes: ${failure}`
  return `changes since then: ${count(entries)} ${entries === 1 ? 'entry' : 'entries'}, ${duration(tookMs)}`
}

/** Asks for some entries one by one. */
async function compare(
  { sample }: ListTrial,
  probe: Probe,
  hide: (text: string) => string,
): Promise<TriedList> {
  const startMs = systemClock.monotonicMs()
  const different: string[] = []
  for (const [key, result] of sample) {
    const reply = await probe.ask(key)
    const isSame = reply.result.kind === 'found' && reply.result.value === result
    const says = `the list has ${quoted(hide(result))}, the route for single keys ${said(reply.result, hide)}`
    if (!isSame) different.push(`${quoted(key)}: ${says}`)
  }
  const same = sample.length - different.length
  const took = duration(systemClock.monotonicMs() - startMs)
  const lines = [`${same} of ${sample.length} are the same by the route for single keys, ${took}`]
  const [one] = different
  if (one !== undefined) lines.push(`DIFFERENT: ${one}; both must say the same`)
  return { lines, isGood: different.length === 0 }
}

function said(result: Awaited<ReturnType<Probe['ask']>>['result'], hide: (text: string) => string): string {
  if (result.kind === 'found') return `has ${quoted(hide(result.value))}`
  if (result.kind === 'notfound') return 'says "not found"'
  return `fails: ${'reason' in result ? hide(result.reason) : 'not modified'}`
}

function quoted(text: string): string {
  const shown = text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, MAX_SHOWN_LENGTH)}...`
  return JSON.stringify(shown)
}

function keys(n: number): string {
  return n === 1 ? '1 key occurs' : `${count(n)} keys occur`
}
