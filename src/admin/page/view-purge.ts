/** Forgetting stored answers, with a question before it. */

import { counted, quoted } from '../../presentation/format.ts'
import { tablePath } from './api.ts'
import type { Model, Status } from './model.ts'
import { type Purge, purgeOf, purgeQuestion } from './purge.ts'
import { byId, renderOptions, setText } from './view-dom.ts'
import type { AskWithToken } from './view-token.ts'
import { failure } from './view-try.ts'

const VALUE_NAMES: Record<Purge['kind'], string> = { key: 'Key', domain: 'Domain', all: '' }

export class PurgeBox {
  readonly #ask: AskWithToken
  readonly #form = byId('purge-form', HTMLFormElement)
  readonly #table = byId('purge-table', HTMLSelectElement)
  readonly #value = byId('purge-value', HTMLInputElement)
  readonly #status = byId('purge-status', HTMLElement)
  readonly #dialog = byId('purge-dialog', HTMLDialogElement)
  #tables: Status['tables'] = []
  #purge: Purge | undefined

  constructor(ask: AskWithToken) {
    this.#ask = ask
    this.#form.addEventListener('change', () => this.#renderKind())
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#question()
    })
    byId('purge-cancel', HTMLButtonElement).addEventListener('click', () => this.#dialog.close())
    this.#dialog.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#dialog.close()
      void this.#forget()
    })
    this.#renderKind()
  }

  render({ status }: Model): void {
    this.#tables = status?.tables ?? []
    const options = this.#tables.filter(({ cache }) => cache !== undefined)
    renderOptions(
      this.#table,
      options.map(({ name }) => ({ value: name, text: name })),
    )
  }

  #kind(): string {
    return String(new FormData(this.#form).get('what'))
  }

  #renderKind(): void {
    const name = VALUE_NAMES[this.#kind() as Purge['kind']]
    byId('purge-value-label', HTMLElement).hidden = name === ''
    setText(byId('purge-value-name', HTMLElement), name)
  }

  #question(): void {
    this.#status.replaceChildren()
    const table = this.#tables.find(({ name }) => name === this.#table.value)
    const purge = purgeOf(this.#kind(), this.#value.value)
    if (table === undefined) {
      this.#status.replaceChildren('No table stores answers.')
      return
    }
    if (purge === undefined) {
      this.#status.replaceChildren(`Say which ${this.#kind()}.`)
      this.#value.focus()
      return
    }
    this.#purge = purge
    const { question, effect } = purgeQuestion(table, purge)
    setText(byId('purge-question', HTMLElement), question)
    setText(byId('purge-effect', HTMLElement), effect)
    this.#dialog.showModal()
  }

  async #forget(): Promise<void> {
    const purge = this.#purge
    if (purge === undefined) return
    const table = this.#table.value
    const query: Record<string, string> = purge.kind === 'all' ? {} : { [purge.kind]: purge.value }
    try {
      const path = tablePath(table, 'cache', query)
      const { removed, of: what } = (await this.#ask((api) => api.delete(path))) as {
        removed: number
        of: 'answers' | 'entries'
      }
      const of = purge.kind === 'all' ? '' : ` of ${quoted(purge.value)}`
      const done = what === 'entries' ? 'removed from' : 'forgotten in'
      const things = what === 'entries' ? counted(removed, 'entry', 'entries') : counted(removed, 'answer')
      this.#status.replaceChildren(`${things}${of} ${done} ${table}.`)
    } catch (error) {
      this.#status.replaceChildren(failure(error))
    }
  }
}
