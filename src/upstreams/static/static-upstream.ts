/**
 * A static upstream: entries from the configuration, answered at once. For break-glass entries
 * in front of a service, and for tests.
 */
import { asciiResult, comparableAddress } from '../../core/key/idn.ts'
import { found, notFound } from '../../core/result.ts'
import { type Answer, type Question, UNWATCHED, type Upstream } from '../../core/upstream.ts'
import { withoutOuterBlanks } from '../../core/value/value-text.ts'

/** How one table sees a static upstream. */
interface StaticUpstreamOptions {
  readonly name: string
  /** Key to values; a key without values is not there. */
  readonly entries: ReadonlyMap<string, readonly string[]>
  /** Between several values: `response.separator` of the table. The values are results already, so that `response.format` does not apply. */
  readonly separator: string
  /** Of `response` of the table: `ascii` puts the domains of the values into A-labels. */
  readonly idn: 'asIs' | 'ascii'
  /** The table's `foldCase`: its keys arrive folded, so the entries are folded too. */
  readonly foldCase: boolean
}

const NOT_THERE: Answer = { result: notFound(), storable: false, source: 'static' }

export class StaticUpstream implements Upstream {
  readonly name: string
  readonly health = UNWATCHED
  readonly #answers: ReadonlyMap<string, Answer>

  constructor({ name, entries, separator, idn, foldCase }: StaticUpstreamOptions) {
    this.name = name
    const answers = new Map<string, Answer>()
    for (const [key, values] of entries) {
      const joined = values
        .map(withoutOuterBlanks)
        .filter((text) => text !== '')
        .join(separator)
      if (joined === '') continue
      const result = idn === 'ascii' ? asciiResult(found(joined)) : found(joined)
      const folded = foldCase ? key.toLowerCase() : key
      const answer: Answer = { result, storable: false, source: 'static' }
      // Every spelling of a domain finds the entry, and an entry of its own comes first.
      const comparable = comparableAddress(folded)
      if (!entries.has(comparable)) answers.set(comparable, answer)
      answers.set(folded, answer)
    }
    this.#answers = answers
  }

  ask(question: Question): Answer {
    const answer =
      this.#answers.get(question.key) ?? this.#answers.get(comparableAddress(question.key)) ?? NOT_THERE
    if (question.explanation !== undefined && answer.result.kind !== 'notmodified') {
      const { key, explanation } = question
      explanation.add({ step: 'upstream', kind: 'static', key, upstream: this.name, result: answer.result })
    }
    return answer
  }

  needsNoRequest(): boolean {
    return false
  }

  trustsNegative(): boolean {
    return true
  }
}
