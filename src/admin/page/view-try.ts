/** The box to try a key: the answer, every step to it, and what a mail server would read. */
import type { ExplainStep } from '../../core/observed/explain.ts'
import type { LookupResult } from '../../core/result.ts'
import { resultState, resultWord, stepText } from '../../presentation/explain.ts'
import { duration, quoted } from '../../presentation/format.ts'
import { LOOKUP_TIMEOUT_MS, tablePath } from './api.ts'
import type { Model } from './model.ts'
import { byId, element, renderOptions, type State, setState } from './view-dom.ts'
import type { AskWithToken } from './view-token.ts'

/** What `GET .../lookup?explain=true` answers, see src/admin/routes/lookup.ts. */
interface LookupAnswer {
  readonly table: string
  readonly key: string
  readonly result: LookupResult
  readonly source?: string
  readonly durationMs: number
  readonly tooLongFor: readonly string[]
  readonly steps: readonly ExplainStep[]
  readonly wire: Readonly<Record<string, { readonly reply: string; readonly bytes: number }>>
}

/** Longest reply shown, in characters. Ours: a few lines; `mapgate query` prints all of it. */
const MAX_REPLY_SHOWN = 300

export class TryBox {
  readonly #ask: AskWithToken
  readonly #table = byId('try-table', HTMLSelectElement)
  readonly #key = byId('try-key', HTMLInputElement)
  readonly #bypass = byId('try-bypass', HTMLInputElement)
  readonly #status = byId('try-status', HTMLElement)
  readonly #steps = byId('try-steps', HTMLOListElement)
  readonly #wire = byId('try-wire', HTMLDListElement)
  /** The newest question; an older one that is answered late is not shown. */
  #asked = 0

  constructor(ask: AskWithToken) {
    this.#ask = ask
    byId('try-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#submit()
    })
  }

  render({ status }: Model): void {
    renderOptions(
      this.#table,
      (status?.tables ?? []).map(({ name }) => ({ value: name, text: name })),
    )
  }

  async #submit(): Promise<void> {
    this.#asked += 1
    const number = this.#asked
    this.#clear()
    this.#status.replaceChildren(`Asking for ${quoted(this.#key.value)}…`)
    const query = {
      key: this.#key.value,
      explain: 'true',
      ...(this.#bypass.checked && { cache: 'bypass' }),
    }
    const path = tablePath(this.#table.value, 'lookup', query)
    try {
      const answer = (await this.#ask((api) => api.get(path, LOOKUP_TIMEOUT_MS))) as LookupAnswer
      if (number === this.#asked) this.#show(answer)
    } catch (error) {
      if (number === this.#asked) this.#status.replaceChildren(failure(error))
    }
  }

  #clear(): void {
    this.#steps.replaceChildren()
    this.#wire.replaceChildren()
  }

  #show(answer: LookupAnswer): void {
    const { result } = answer
    const word = element('span', 'result', resultWord(result.kind))
    setState(word, shapeOf(resultState(result.kind)))
    const told = result.kind === 'found' ? result.value : result.kind === 'notfound' ? '' : result.reason
    const value = element('span', 'value', told)
    const source = answer.source === undefined ? '' : ` from ${answer.source}`
    const tooLong = answer.tooLongFor.map(
      (protocol) => ` Too long for ${protocol}: its clients get “try later”.`,
    )
    this.#status.replaceChildren(
      element('div', '', word, `${source}, ${duration(answer.durationMs)}.${tooLong.join('')}`),
      ...(told === '' ? [] : [element('div', '', value)]),
    )
    this.#steps.replaceChildren(...answer.steps.map(stepItem))
    this.#wire.replaceChildren(
      ...Object.entries(answer.wire).flatMap(([protocol, { reply, bytes }]) => {
        const cut = reply.length > MAX_REPLY_SHOWN ? `${reply.slice(0, MAX_REPLY_SHOWN)}…` : reply
        return [element('dt', '', protocol), element('dd', '', `${JSON.stringify(cut)} (${bytes} bytes)`)]
      }),
    )
  }
}

function stepItem(step: ExplainStep): HTMLLIElement {
  // A step of a newer gateway shows as its JSON.
  const { title, text, state, exchange } = stepText(step) ?? {
    title: 'Step',
    text: JSON.stringify(step),
    state: 'plain',
    exchange: undefined,
  }
  const name = element('span', 'name', title)
  if (state !== 'plain') setState(name, state)
  const lines = exchange === undefined ? [text] : [text, exchange]
  return element('li', '', name, ...lines.map((line) => element('span', 'text', line)))
}

function shapeOf(state: string): State {
  return state === 'ok' || state === 'warn' || state === 'bad' ? state : 'off'
}

/** Why something that was asked for could not be done. */
export function failure(error: unknown): string {
  return error instanceof Error && error.name === 'ApiProblem'
    ? `Refused: ${error.message}.`
    : 'mapgate did not answer. Is it running?'
}
