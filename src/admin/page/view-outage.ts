/** How ready each table is for an outage, losses to confirm, and drills. */
import type { DrilledTable, DrillReport } from '../../core/observed/drill-report.ts'
import { clockTime, count, NOTHING, percent } from '../../presentation/format.ts'
import { tablePath } from './api.ts'
import type { Model, Status } from './model.ts'
import { byId, type Cell, element, NOT_KNOWN, number, renderOptions, renderRows, text } from './view-dom.ts'
import type { AskWithToken } from './view-token.ts'
import { failure } from './view-try.ts'

/** Share of the lookups below which a table stands out. Source: the alert MapgateOutageReadinessLow. */
const ENOUGH = 0.9

export class OutageBox {
  readonly #ask: AskWithToken
  readonly #rows = byId('outage-rows', HTMLTableSectionElement)
  readonly #losses = byId('loss-buttons', HTMLElement)
  readonly #form = byId('drill-form', HTMLFormElement)
  readonly #upstream = byId('drill-upstream', HTMLSelectElement)
  readonly #seconds = byId('drill-seconds', HTMLSelectElement)
  readonly #end = byId('drill-end', HTMLButtonElement)
  readonly #said = byId('outage-status', HTMLElement)
  #status: Status | undefined
  #drills: readonly DrillReport[] = []
  /** The drills under way when they were asked for last. */
  #asked: string | undefined

  constructor(ask: AskWithToken) {
    this.#ask = ask
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#begin()
    })
    this.#end.addEventListener('click', () => void this.#finish())
  }

  render({ status }: Model): void {
    this.#status = status
    renderOptions(
      this.#upstream,
      (status?.upstreams ?? [])
        .filter(({ endpoints }) => endpoints.length > 0)
        .map(({ name }) => ({ value: name, text: name })),
    )
    this.#end.hidden = this.#running() === undefined
    this.#renderLosses()
    const drills = this.#drills.flatMap(({ tables }) => tables)
    renderRows(
      this.#rows,
      (status?.tables ?? []).map(({ name, readiness, holdsLoss }) =>
        cells(
          name,
          readiness,
          holdsLoss === true,
          drills.find((drilled) => drilled.name === name),
        ),
      ),
      status ? 'No tables.' : NOT_KNOWN,
    )
    const underWay = JSON.stringify(status?.upstreams.map(({ drillEndsAtMs }) => drillEndsAtMs ?? 0))
    if (status !== undefined && (underWay !== this.#asked || this.#running() !== undefined))
      void this.#readDrills(underWay)
  }

  /** The upstream whose drill is under way. */
  #running(): Status['upstreams'][number] | undefined {
    return this.#status?.upstreams.find(({ drillEndsAtMs }) => drillEndsAtMs !== undefined)
  }

  #renderLosses(): void {
    const names = (this.#status?.tables ?? []).filter(({ holdsLoss }) => holdsLoss).map(({ name }) => name)
    const shown = Array.from(this.#losses.children, (button) => button.getAttribute('data-table'))
    if (JSON.stringify(names) === JSON.stringify(shown)) return
    this.#losses.replaceChildren(
      ...names.map((name) => {
        const button = element('button', 'danger', `The keys that ${name} lost are gone on purpose`)
        button.type = 'button'
        button.setAttribute('data-table', name)
        button.addEventListener('click', () => void this.#confirm(name))
        return button
      }),
    )
  }

  async #readDrills(underWay: string): Promise<void> {
    this.#asked = underWay
    try {
      const { drills } = (await this.#ask((api) => api.get('/api/v1/drills'))) as { drills: DrillReport[] }
      this.#drills = drills
    } catch {
      // The next change of the status asks again; the verdict says whether the gateway is there.
    }
  }

  async #begin(): Promise<void> {
    const upstream = this.#upstream.value
    const seconds = Number(this.#seconds.value)
    await this.#do(async () => {
      const drill = (await this.#ask((api) =>
        api.post('/api/v1/drills', { upstream, seconds }),
      )) as DrillReport
      return `${upstream} is treated as dead until ${clockTime(drill.endsAtMs)}.`
    })
  }

  async #finish(): Promise<void> {
    const upstream = this.#running()?.name
    if (upstream === undefined) return
    await this.#do(async () => {
      await this.#ask((api) => api.delete(`/api/v1/drills/${encodeURIComponent(upstream)}`))
      return `The drill of ${upstream} was ended.`
    })
  }

  async #confirm(table: string): Promise<void> {
    await this.#do(async () => {
      await this.#ask((api) => api.post(tablePath(table, 'confirm-loss')))
      return `“Not found” is believed again in ${table}.`
    })
  }

  async #do(run: () => Promise<string>): Promise<void> {
    try {
      this.#said.replaceChildren(await run())
    } catch (error) {
      this.#said.replaceChildren(failure(error))
    }
  }
}

function cells(
  name: string,
  readiness: number | undefined,
  holdsLoss: boolean,
  drilled: DrilledTable | undefined,
): readonly Cell[] {
  return [
    { text: name, kind: 'head' },
    number(percent(readiness), readiness !== undefined && readiness < ENOUGH ? 'warn' : undefined),
    number(drilled === undefined ? NOTHING : count(drilled.answered)),
    number(drilled === undefined ? NOTHING : count(drilled.deferred)),
    holdsLoss ? text('lost keys', 'bad') : text(''),
  ]
}
