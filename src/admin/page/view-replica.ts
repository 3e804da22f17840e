/** The tables that are kept here as a whole: how old, what is read, what is kept aside. */
import type { ReplicaStatus } from '../../core/replica/replica-status.ts'
import { count, duration, NOTHING } from '../../presentation/format.ts'
import { tablePath } from './api.ts'
import type { Model } from './model.ts'
import { byId, type Cell, element, NOT_KNOWN, number, renderRows, text } from './view-dom.ts'
import type { AskWithToken } from './view-token.ts'
import { failure } from './view-try.ts'

type Replica = ReplicaStatus & { readonly table: string }

const WORDS = {
  refresh: (table: string) => `Read the list of ${table} now`,
  accept: (table: string) => `Accept the list of ${table} that is kept aside`,
  reject: (table: string) => `Reject the list of ${table} that is kept aside`,
} as const

export class ReplicaBox {
  readonly #ask: AskWithToken
  readonly #part = byId('replica-part', HTMLElement)
  readonly #rows = byId('replica-rows', HTMLTableSectionElement)
  readonly #progress = byId('replica-progress', HTMLProgressElement)
  readonly #buttons = byId('replica-buttons', HTMLElement)
  readonly #said = byId('outage-status', HTMLElement)
  #shown: readonly Replica[] = []

  constructor(ask: AskWithToken) {
    this.#ask = ask
  }

  render({ status }: Model): void {
    const replicas = (status?.tables ?? []).flatMap(({ name, replica }) =>
      replica === undefined ? [] : [{ table: name, ...replica }],
    )
    this.#show(replicas)
  }

  #show(replicas: readonly Replica[]): void {
    this.#shown = replicas
    this.#part.hidden = replicas.length === 0
    renderRows(this.#rows, replicas.map(cells), NOT_KNOWN)
    this.#renderProgress(replicas)
    this.#renderButtons(replicas)
  }

  /** Of the first list that is read; a bar without a value moves by itself. */
  #renderProgress(replicas: readonly Replica[]): void {
    const progress = replicas.find(({ state }) => state === 'copying')?.progress
    this.#progress.hidden = progress === undefined
    if (progress?.share === undefined) this.#progress.removeAttribute('value')
    else this.#progress.value = progress.share
  }

  #renderButtons(replicas: readonly Replica[]): void {
    const wanted = replicas.flatMap(({ table, held }) => [
      ['refresh', table] as const,
      ...(held === undefined ? [] : [['accept', table] as const, ['reject', table] as const]),
    ])
    const shown = Array.from(this.#buttons.children, (button) => button.getAttribute('data-does'))
    if (JSON.stringify(shown) === JSON.stringify(wanted.map(String))) return
    this.#buttons.replaceChildren(
      ...wanted.map(([word, table]) => {
        const button = element('button', word === 'refresh' ? '' : 'danger', WORDS[word](table))
        button.type = 'button'
        button.setAttribute('data-does', String([word, table]))
        button.addEventListener('click', () => void this.#do(word, table))
        return button
      }),
    )
  }

  async #do(word: keyof typeof WORDS, table: string): Promise<void> {
    try {
      const changed = await this.#ask((api) => api.post(tablePath(table, `replica/${word}`)))
      // It has the form of the status; the next one comes in a moment.
      this.#show(
        this.#shown.map((one) => (one.table === table ? { table, ...(changed as ReplicaStatus) } : one)),
      )
      this.#said.replaceChildren(
        word === 'refresh' ? `The list of ${table} is read.` : `The list of ${table} was ${word}ed.`,
      )
    } catch (error) {
      this.#said.replaceChildren(failure(error))
    }
  }
}

function cells(replica: Replica): readonly Cell[] {
  const { table, entries, copiedAtMs, changedAtMs, nextRefreshAtMs } = replica
  const nowMs = Date.now()
  const since = (wallMs: number | undefined): string =>
    wallMs === undefined ? NOTHING : duration(Math.max(0, nowMs - wallMs))
  return [
    { text: table, kind: 'head' },
    number(count(entries)),
    number(since(copiedAtMs)),
    number(since(changedAtMs)),
    number(nextRefreshAtMs === undefined ? NOTHING : duration(Math.max(0, nextRefreshAtMs - nowMs))),
    stateCell(replica),
  ]
}

function stateCell({ state, held, lastFailure, progress, changes }: Replica): Cell {
  const reading = state === 'copying' ? `reads: ${count(progress?.entries ?? 0)} entries` : undefined
  if (held !== undefined) {
    const such = held.missing === undefined ? '' : `, such as ${held.missing.join(', ')}`
    const aside = `kept aside: a list of ${count(held.entries)} entries. The copy in use stays until you accept or reject it: ${held.reason}${such}`
    return { text: reading === undefined ? aside : `${reading}; ${aside}`, kind: 'wrap', state: 'bad' }
  }
  if (reading !== undefined) return text(reading)
  if (lastFailure !== undefined) return { text: lastFailure, kind: 'wrap', state: 'warn' }
  if (state === 'empty') return text('no copy yet', 'warn')
  if (changes === undefined) return text('current', 'ok')
  const { lastProblem, rounds, set, gone } = changes
  if (lastProblem !== undefined)
    return { text: `current; changes not used: ${lastProblem}`, kind: 'wrap', state: 'warn' }
  return text(`current; changes: ${count(rounds)}, ${count(set)} set, ${count(gone)} deleted`, 'ok')
}
