/** The verdict on top, the title of the tab, and the state of the page's connection to the gateway. */
import { clockTime, duration } from '../../presentation/format.ts'
import type { Model } from './model.ts'
import { type Connection, type Level, verdict } from './verdict.ts'
import { byId, element, type State, setState, setText } from './view-dom.ts'

/** In the tab's title, where there is no colour: a shape, then the words. */
const TITLE_SHAPES: Record<Level, string> = { ok: '●', warn: '▲', bad: '■', unknown: '○' }

const CONNECTIONS: Record<Connection['kind'], [text: string, state: State]> = {
  connecting: ['Connecting', 'off'],
  live: ['Live', 'ok'],
  lost: ['Not connected', 'bad'],
  'token-needed': ['Token needed', 'warn'],
}

export function renderVerdict({ connection, status, points }: Model): void {
  const { level, headline, reasons } = verdict(connection, status, points)
  byId('verdict', HTMLElement).dataset.level = level
  setText(byId('headline', HTMLElement), headline)
  renderReasons(byId('reasons', HTMLUListElement), reasons)
  const title = `${TITLE_SHAPES[level]} ${headline} – mapgate`
  if (document.title !== title) document.title = title

  const [text, state] = CONNECTIONS[connection.kind]
  const node = byId('connection', HTMLElement)
  const last = points.at(-1)
  setText(node, connection.kind === 'lost' && last !== undefined ? `Last word ${clockTime(last.atMs)}` : text)
  setState(node, state)
  if (status !== undefined) {
    const up = duration(Math.max(0, Date.now() - status.startedAtMs))
    setText(byId('program', HTMLElement), `${status.version} · up ${up}`)
  }
}

function renderReasons(list: HTMLUListElement, reasons: readonly string[]): void {
  while (list.children.length > reasons.length) list.lastElementChild?.remove()
  for (const [index, reason] of reasons.entries()) {
    const item = list.children[index] ?? list.appendChild(element('li'))
    setText(item, reason)
  }
}
