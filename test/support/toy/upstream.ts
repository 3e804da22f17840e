/**
 * An upstream kind that no product has, with everything that a kind may have: keys of its own for upstreams and tables,
 * a check, a place that `check --ask` asks, a word for where its answers come from, a step, a metric, something that it
 * fetches for itself, and troubles.
 *
 *   upstreams: { echo: { suffix: "@b.example", licence: "licences.example:1" } }
 *   tables:    { aliases: { upstream: echo, loud: true } }
 *
 * `echo` finds the local part of every key, with its suffix; keys without one are not found, and `later@…` is temporary.
 * `nowhere:…` gives no licence, and an echo without one goes on.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Metric } from '../../../src/core/observed/metric.ts'
import type { UpstreamObserver } from '../../../src/core/observed/observer.ts'
import { found, type LookupResult, notFound, temporary } from '../../../src/core/result.ts'
import type { FetchStatus, UpstreamStatus } from '../../../src/core/status.ts'
import { type Answer, type Question, UNWATCHED, type Upstream } from '../../../src/core/upstream.ts'
import { Type } from '../../../src/schema/schema.ts'
import type { UpstreamSettingsKind } from '../../../src/schema/settings-kind.ts'
import { flag, text } from '../../../src/schema/values.ts'
import type {
  Probe,
  TableUpstream,
  UpstreamKind,
  UpstreamSettings,
  UpstreamTable,
} from '../../../src/upstreams/kind.ts'
import { passive, UnsharedUpstream } from '../../../src/upstreams/unshared.ts'

export interface EchoSettings extends UpstreamSettings {
  readonly suffix: string
  readonly licence: string
}

export interface EchoTable extends UpstreamTable {
  readonly loud: boolean
}

const EchoKeys = Type.Object({
  suffix: text('What is put behind the local part.'),
  licence: text('Host and port of who gives licences.', { default: '' }),
})
const EchoTableKeys = Type.Object({ loud: flag(false, 'Answers in capitals.') })

const configuration: UpstreamSettingsKind<typeof EchoKeys, typeof EchoTableKeys> = {
  name: 'echo',
  summary: 'an echo',
  word: 'suffix',
  wordMeans: 'what is put behind the local part',
  settings: EchoKeys,
  tableSettings: EchoTableKeys,
  isRemote: false,
  check({ suffix }, scope) {
    if (!suffix.startsWith('@'))
      scope.error(['suffix'], { code: 'echo-at', message: 'does not begin with "@"; add it' })
  },
  decisive: ({ suffix }) => ({ suffix }),
  decisiveOfTable: ({ loud }) => ({ loud }),
}

/** Length of the suffix: the state of an echo. */
interface EchoStatus extends UpstreamStatus {
  readonly suffixLength: number
}

const SUFFIX_LENGTH: Metric<EchoStatus> = {
  name: 'echo_suffix_length',
  kind: 'gauge',
  help: 'Characters of the suffix, by upstream.',
  labels: ['upstream'],
  samples: ({ name, suffixLength }, write) => write({ upstream: name }, suffixLength),
}

export const echo: UpstreamKind<EchoSettings, EchoTable> = {
  name: configuration.name,
  configuration,
  cached: false,
  metrics: [SUFFIX_LENGTH],
  needs: () => ({ descriptors: 3, heapBytes: 1000 }),
  plan: async (settings, _running, { observer }) => new Echo(settings, observer.upstream(settings.name)),
}

const NO_LICENCE = 'nobody gives a licence; pay for one'

class Echo extends UnsharedUpstream<EchoSettings, EchoTable> {
  readonly #observer: UpstreamObserver

  constructor(settings: EchoSettings, observer: UpstreamObserver) {
    super(echo, settings)
    this.#observer = observer
  }

  /** Where the licence would be fetched. */
  override configure(): void {
    const [fetch] = this.#fetches()
    if (fetch === undefined) return
    const { what, state, lastFailure } = fetch
    if (lastFailure === undefined) {
      this.#observer.fetchChanged({ what, state: 'valid', text: 'there is a licence' })
    } else if (state === 'failing') {
      this.#observer.fetchChanged({ what, state, text: 'there is no licence', failure: lastFailure })
      for (let n = 0; n < 3; n++) this.#observer.troubled('echo', 'the echo is unlicensed')
    }
  }

  async tryFetches(): Promise<readonly FetchStatus[]> {
    return this.#fetches()
  }

  troubles(): readonly string[] {
    return this.#fetches().flatMap(({ lastFailure }) => lastFailure ?? [])
  }

  isSameFor(other: unknown): boolean {
    return other instanceof Echo && isDeepStrictEqual(other.settings, this.settings)
  }

  forTable({ loud }: EchoTable): TableUpstream {
    return passive(new EchoUpstream(this.settings, loud))
  }

  override probes(table: EchoTable): readonly Probe[] {
    const ask = async (key: string) => {
      const result = answerTo(key, this.settings.suffix, table.loud)
      return { result, evidence: 'none', retry: 'none' } as const
    }
    return [{ name: '0:echo', ask }]
  }

  override status(): EchoStatus {
    const fetches = this.#fetches()
    const status = { ...super.status(), suffixLength: this.settings.suffix.length }
    return fetches.length === 0 ? status : { ...status, fetches }
  }

  #fetches(): FetchStatus[] {
    const { licence: endpoint } = this.settings
    const named = { what: 'licence', title: 'licence', endpoint } as const
    if (endpoint === '') return []
    return endpoint.startsWith('nowhere')
      ? [{ ...named, state: 'failing', lastFailure: NO_LICENCE }]
      : [{ ...named, state: 'valid', detail: 'for one echo', fetchedAtMs: 1_767_225_600_000 }]
  }
}

class EchoUpstream implements Upstream {
  readonly name: string
  readonly health = UNWATCHED
  readonly #settings: EchoSettings
  readonly #loud: boolean

  constructor(settings: EchoSettings, loud: boolean) {
    this.name = settings.name
    this.#settings = settings
    this.#loud = loud
  }

  ask({ key, explanation }: Question): Answer {
    const result = answerTo(key, this.#settings.suffix, this.#loud)
    explanation?.add({ step: 'upstream', kind: 'echo', key, upstream: this.name, result })
    return { result, storable: false, source: 'echo' }
  }

  needsNoRequest(): boolean {
    return false
  }

  trustsNegative(): boolean {
    return true
  }
}

function answerTo(key: string, suffix: string, loud: boolean): LookupResult {
  const [localPart = '', domain] = key.split('@')
  if (domain === undefined) return notFound()
  if (localPart === 'later') return temporary('service', 'the echo is late')
  return found(loud ? `${localPart}${suffix}`.toUpperCase() : `${localPart}${suffix}`)
}
