/**
 * The page: one model, kept current by events, drawn a few times a second.
 *
 *   live.ts     events -> model.ts
 *   view-*.ts   model -> elements; what the operator does -> api.ts
 *   the rest    words and numbers, without a DOM
 */
import { Api } from './api.ts'
import { Live } from './live.ts'
import { Model } from './model.ts'
import { TokenStore } from './token-store.ts'
import { renderFigures } from './view-figures.ts'
import { OutageBox } from './view-outage.ts'
import { Plots } from './view-plots.ts'
import { PurgeBox } from './view-purge.ts'
import { LookupList, renderProblems } from './view-recent.ts'
import { ReplicaBox } from './view-replica.ts'
import { ShadowBox } from './view-shadow.ts'
import { TokenDialog } from './view-token.ts'
import { renderCauses, renderTraffic } from './view-traffic.ts'
import { TryBox } from './view-try.ts'
import { renderCanaries, renderListeners, renderUpstreams } from './view-upstreams.ts'
import { renderVerdict } from './view-verdict.ts'

const model = new Model()
const store = new TokenStore(sessionStorage)
const api = new Api(() => store.token)
const dialog = new TokenDialog(store, () => live.restart())
const ask = dialog.withToken(api)
const plots = new Plots(() => plots.render(model))
const tryBox = new TryBox(ask)
const outageBox = new OutageBox(ask)
const replicaBox = new ReplicaBox(ask)
const shadowBox = new ShadowBox(ask)
const purgeBox = new PurgeBox(ask)
const lookupList = new LookupList()
const live = new Live({
  api,
  model,
  changed: draw,
  askToken: (problem) => dialog.askUntilGiven(problem),
})

/** Shortest time between two drawings, ms. Ours: calm to the eye, and a flood of events costs the browser little. */
const DRAW_EVERY_MS = 250

let drawing = false

/** The verdict at once; the rest with everything that comes in the next moment, and not in a hidden tab. */
function draw(): void {
  renderVerdict(model)
  if (drawing) return
  drawing = true
  setTimeout(() => requestAnimationFrame(drawAll), DRAW_EVERY_MS)
}

function drawAll(): void {
  drawing = false
  renderFigures(model)
  plots.render(model)
  renderTraffic(model)
  renderCauses(model)
  renderUpstreams(model)
  renderCanaries(model)
  renderListeners(model)
  renderProblems(model)
  lookupList.render(model)
  tryBox.render(model)
  outageBox.render(model)
  replicaBox.render(model)
  shadowBox.render(model)
  purgeBox.render(model)
  makeScrollersReachable()
}

/**
 * Parts that scroll by themselves can be scrolled with the keyboard: they take the focus while
 * something of them is hidden, and are no stop for it otherwise. WCAG 2.2, 2.1.1.
 */
function makeScrollersReachable(): void {
  for (const scroller of document.querySelectorAll<HTMLElement>('[data-label]')) {
    const hides = scroller.scrollWidth > scroller.clientWidth || scroller.scrollHeight > scroller.clientHeight
    if (hides === scroller.hasAttribute('tabindex')) continue
    if (hides) {
      scroller.tabIndex = 0
      if (scroller.tagName === 'DIV') scroller.setAttribute('role', 'group')
      scroller.setAttribute('aria-labelledby', scroller.dataset.label ?? '')
    } else {
      for (const name of ['tabindex', 'role', 'aria-labelledby']) scroller.removeAttribute(name)
    }
  }
}

addEventListener('resize', makeScrollersReachable)
drawAll()
draw()
void live.run()
