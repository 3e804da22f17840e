/** The tables that are compared with another upstream: how often both said the same, and where they differed last. */
import type { Found, NotFound } from '../../core/result.ts'
import type { ShadowStatus } from '../../core/shadow/shadow-record.ts'
import { clockTime, count, percent } from '../../presentation/format.ts'
import { tablePath } from './api.ts'
import type { Model } from './model.ts'
import { byId, type Cell, NOT_KNOWN, number, renderRows, text } from './view-dom.ts'
import type { AskWithToken } from './view-token.ts'

type Shadow = ShadowStatus & { readonly table: string }

/** As the API gives it: key and values are absent where this role may not see them. */
interface Difference {
  readonly atMs: number
  readonly key?: string
  readonly own: NotFound | Partial<Found>
  readonly shadow: NotFound | Partial<Found>
}

/** Differences shown. Ours: the latest few; the API has more. */
const MAX_SHOWN = 10

export class ShadowBox {
  readonly #ask: AskWithToken
  readonly #part = byId('shadow-part', HTMLElement)
  readonly #rows = byId('shadow-rows', HTMLTableSectionElement)
  readonly #differences = byId('shadow-differences', HTMLTableSectionElement)
  /** What the differences were asked for last: they are asked for again when there are more. */
  #asked: string | undefined

  constructor(ask: AskWithToken) {
    this.#ask = ask
  }

  render({ status }: Model): void {
    const shadows = (status?.tables ?? []).flatMap(({ name, shadow }) =>
      shadow === undefined ? [] : [{ table: name, ...shadow }],
    )
    this.#part.hidden = shadows.length === 0
    renderRows(this.#rows, shadows.map(cells), NOT_KNOWN)
    const differing = shadows.filter(({ differs }) => differs > 0)
    const state = JSON.stringify(differing.map(({ table, upstream, differs }) => [table, upstream, differs]))
    if (status === undefined || state === this.#asked) return
    this.#asked = state
    void this.#show(differing)
  }

  async #show(shadows: readonly Shadow[]): Promise<void> {
    try {
      const all = await Promise.all(shadows.map(({ table }) => this.#differencesOf(table)))
      const latest = all.flat().sort((a, b) => b.atMs - a.atMs)
      renderRows(
        this.#differences,
        latest.slice(0, MAX_SHOWN).map(({ row }) => row),
        'No differences.',
      )
    } catch {
      this.#asked = undefined // asked again with the next state
    }
  }

  async #differencesOf(table: string): Promise<{ atMs: number; row: readonly Cell[] }[]> {
    const { differences } = (await this.#ask((api) => api.get(tablePath(table, 'shadow')))) as {
      differences: readonly Difference[]
    }
    return differences.slice(0, MAX_SHOWN).map(({ atMs, key = '(hidden)', own, shadow }) => ({
      atMs,
      row: [
        text(clockTime(atMs)),
        text(table),
        { text: key, kind: 'key' },
        { text: said(own), kind: 'wrap' },
        { text: said(shadow), kind: 'wrap' },
      ],
    }))
  }
}

function cells({ table, upstream, share, same, differs, failed, busy }: Shadow): readonly Cell[] {
  return [
    { text: table, kind: 'head' },
    text(upstream),
    number(percent(share)),
    number(count(same)),
    number(count(differs), differs > 0 ? 'warn' : 'ok'),
    number(count(failed), failed > 0 ? 'warn' : undefined),
    number(count(busy)),
  ]
}

function said(result: NotFound | Partial<Found>): string {
  if (result.kind === 'notfound') return 'not found'
  return 'value' in result && result.value !== undefined ? result.value : 'found'
}
