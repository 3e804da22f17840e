/** What happened lately: problems, and lookups as they happen. */
import { resultState, resultWord } from '../../presentation/explain.ts'
import { clockTime, count, duration } from '../../presentation/format.ts'
import type { LookupEvent, Model } from './model.ts'
import {
  byId,
  type Cell,
  element,
  NOT_KNOWN,
  number,
  renderRows,
  type State,
  setText,
  text,
} from './view-dom.ts'

/** Problems shown. Ours: what fits beside everything else; the API has all. */
const MAX_PROBLEMS = 30

export function renderProblems({ problems, status }: Model): void {
  const list = byId('problem-list', HTMLUListElement)
  const shown = problems
    .slice(0, MAX_PROBLEMS)
    .map(({ lastAtMs, kind, where, text: what, count: times }) => [
      clockTime(lastAtMs),
      kind,
      where === '' ? what : `${where}: ${what}`,
      times === 1 ? '' : `${count(times)} times`,
    ])
  if (shown.length === 0) {
    const none = list.querySelector('.none') ?? list.appendChild(element('li', 'none'))
    setText(none, status ? 'None since mapgate was started.' : NOT_KNOWN)
    return
  }
  list.querySelector('.none')?.remove()
  while (list.children.length > shown.length) list.lastElementChild?.remove()
  for (const [index, texts] of shown.entries()) {
    const item = list.children[index] ?? list.appendChild(emptyProblem())
    for (const [part, value] of texts.entries()) {
      const node = item.children[part]
      if (node !== undefined) setText(node, value)
    }
  }
}

function emptyProblem(): HTMLLIElement {
  const parts = ['when', 'kind', 'what', 'often'].map((name) => element('span', name))
  return element('li', '', ...parts)
}

/** The list of lookups, which stands still while it is paused. */
export class LookupList {
  readonly #body = byId('lookup-rows', HTMLTableSectionElement)
  #paused = false

  constructor() {
    const button = byId('pause', HTMLButtonElement)
    button.addEventListener('click', () => {
      this.#paused = !this.#paused
      button.setAttribute('aria-pressed', String(this.#paused))
    })
  }

  render({ lookups, lost }: Model): void {
    if (this.#paused) return
    renderRows(this.#body, lookups.map(lookupCells), 'None since this page was opened.')
    if (lost > 0) {
      const note = `A sample; ${count(lost)} events came too fast for this page.`
      setText(byId('lookup-note', HTMLElement), note)
    }
  }
}

const STATES: Record<string, State> = { ok: 'ok', warn: 'warn', bad: 'bad', plain: 'off' }

function lookupCells(event: LookupEvent): readonly Cell[] {
  const cause = event.cause === undefined ? '' : `, ${event.cause}`
  return [
    text(clockTime(event.atMs)),
    text(`${resultWord(event.result)}${cause}`, STATES[resultState(event.result)]),
    text(event.table === '' ? '(not configured)' : event.table),
    { text: event.key ?? '(hidden)', kind: 'key' },
    text(event.source),
    number(duration(event.durationMs)),
    text(event.protocol),
  ]
}
