/**
 * Making and changing elements. Text goes into text nodes only, never into markup: keys are what
 * strangers type. A node whose text is the same is not touched, so that a selection, the focus and a
 * screen reader are not disturbed every two seconds.
 */
import { NOTHING } from '../../presentation/format.ts'

/** A shape before the word, see parts.css. */
export type State = 'ok' | 'warn' | 'bad' | 'off'

/** The element with this id. The page is one file, so a missing one is a mistake in it. */
export function byId<T extends Element>(id: string, type: abstract new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof type) return found
  throw new TypeError(`the page has no ${type.name} #${id}`)
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

export function setState(node: Element, state: State | undefined): void {
  if (state === undefined) node.removeAttribute('data-state')
  else if (node.getAttribute('data-state') !== state) node.setAttribute('data-state', state)
}

/** One cell of a table. */
export interface Cell {
  readonly text: string
  readonly kind?: 'number' | 'wrap' | 'key' | 'head' | 'group'
  readonly state?: State | undefined
  /** Columns it covers. */
  readonly span?: number
}

const CLASSES: Record<NonNullable<Cell['kind']>, string> = {
  number: 'n',
  wrap: 'wrap',
  key: 'key',
  head: '',
  group: 'group',
}

export function text(value: string, state?: State): Cell {
  return { text: value, state }
}

export function number(value: string, state?: State): Cell {
  return { text: value, kind: 'number', state }
}

/** Stands where nothing has been heard of yet: not knowing is not the same as none. */
export const NOT_KNOWN = 'Not known yet.'

/** Makes the rows of a table body these, and says so in words when there are none. */
export function renderRows(
  body: HTMLTableSectionElement,
  rows: readonly (readonly Cell[])[],
  empty: string,
): void {
  const columns = body.closest('table')?.tHead?.rows[0]?.cells.length ?? 1
  const shown = rows.length > 0 ? rows : [[{ text: empty, kind: 'wrap', span: columns } as const]]
  while (body.rows.length > shown.length) body.deleteRow(-1)
  for (const [index, cells] of shown.entries()) renderCells(body.rows[index] ?? body.insertRow(), cells)
}

function renderCells(row: HTMLTableRowElement, cells: readonly Cell[]): void {
  while (row.cells.length > cells.length) row.deleteCell(-1)
  for (const [index, cell] of cells.entries()) {
    const isHead = cell.kind === 'head' || cell.kind === 'group'
    const old = row.cells[index]
    const node = old?.tagName === (isHead ? 'TH' : 'TD') ? old : element(isHead ? 'th' : 'td')
    if (node !== old) {
      if (old === undefined) row.append(node)
      else old.replaceWith(node)
    }
    if (isHead) node.setAttribute('scope', cell.kind === 'group' ? 'rowgroup' : 'row')
    const className = cell.kind === undefined ? '' : CLASSES[cell.kind]
    if (node.className !== className) node.className = className
    if (node.colSpan !== (cell.span ?? 1)) node.colSpan = cell.span ?? 1
    node.title = cell.kind === 'key' ? cell.text : ''
    setState(node, cell.text === NOTHING ? undefined : cell.state)
    setText(node, cell.text)
  }
}

/** Makes the options of a select these, and keeps what is chosen. */
export function renderOptions(
  select: HTMLSelectElement,
  options: readonly { readonly value: string; readonly text: string }[],
): void {
  const same =
    select.options.length === options.length &&
    options.every(({ value }, index) => select.options[index]?.value === value)
  if (same) return
  const chosen = select.value
  select.replaceChildren(...options.map(({ value, text: shown }) => new Option(shown, value)))
  if (options.some(({ value }) => value === chosen)) select.value = chosen
}
