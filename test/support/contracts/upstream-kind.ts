/**
 * What every upstream kind keeps: `upstreamKindContract` makes the tests for one.
 */
import { readFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Attributes } from '../../../src/core/attributes.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { Explanation } from '../../../src/core/observed/explain.ts'
import { silentObserver } from '../../../src/core/observed/observer.ts'
import type { Answer, Question } from '../../../src/core/upstream.ts'
import type {
  SharedUpstream,
  UpstreamKind,
  UpstreamParts,
  UpstreamSettings,
  UpstreamTable,
} from '../../../src/upstreams/kind.ts'
import { question } from '../core/question.ts'

/** One kind with an upstream that has an answer for some keys. */
export interface KindSubject<S extends UpstreamSettings, T extends UpstreamTable> {
  readonly kind: UpstreamKind<S, T>
  readonly settings: S
  /** Another upstream of the same name, for which tables must be built anew. */
  readonly changed: S
  readonly table: T
  /** Called with each upstream that was opened with the settings, before it is asked. */
  readonly prepare?: (shared: SharedUpstream<T>) => Promise<void>
  /** What clients say besides the key, for a kind that is asked by attributes. */
  readonly attributesOf?: (key: string) => Attributes
  readonly found: { readonly key: string; readonly value: string }
  readonly absentKey: string
  /** For which the upstream does not know; undefined where it always knows. */
  readonly unknownKey?: string
  /** How many places `check --ask` asks. */
  readonly probes: number
  /** What its upstream fetches for itself, and gets; undefined for nothing. */
  readonly fetches?: readonly string[]
  /** Where its answers come from, in the metrics. */
  readonly source: string
}

const LABEL_OR_NAME = /^[a-z][a-z0-9_]*$/

const PARTS: UpstreamParts = {
  clock: systemClock,
  random: () => 0.5,
  observer: silentObserver,
  traced: { endpoint: (_upstream, inner) => inner, batchEndpoint: (_upstream, inner) => inner },
  overloaded: () => false,
  onCredentialsRefused: () => {},
  readFile: (path) => readFile(path, 'utf8'),
}

export function upstreamKindContract<S extends UpstreamSettings, T extends UpstreamTable>(
  name: string,
  make: () => Promise<KindSubject<S, T>>,
  variant = '',
): void {
  describe(`the upstream kind ${name}${variant}`, () => {
    async function open(running?: SharedUpstream, changed = false) {
      const subject = await make()
      const settings = changed ? subject.changed : subject.settings
      const shared = await subject.kind.plan(settings, running, PARTS)
      onTestFinished(() => shared.destroy())
      shared.configure()
      if (!changed) await subject.prepare?.(shared)
      return { subject, shared }
    }

    async function ask(
      key: (subject: KindSubject<S, T>) => string,
    ): Promise<{ answer: Answer; steps: number }> {
      const { subject, shared } = await open()
      const explanation = new Explanation()
      const asked = questionOf(subject, key(subject), explanation)
      return {
        answer: await shared.forTable(subject.table).upstream.ask(asked),
        steps: explanation.steps.length,
      }
    }

    test('has the name that its upstreams show', async () => {
      const { subject, shared } = await open()
      expect(subject.kind.name).toBe(name)
      expect(shared.kind).toBe(subject.kind)
      expect(shared.status()).toMatchObject({ name: subject.settings.name, kind: name })
      expect(shared.forTable(subject.table).upstream.name).toBe(subject.settings.name)
    })

    test('finds what it has, tells where that came from, and records a step', async () => {
      const { found, source } = await make()
      const { answer, steps } = await ask((subject) => subject.found.key)
      expect(answer).toMatchObject({ result: { kind: 'found', value: found.value }, source })
      expect(steps).toBeGreaterThan(0)
    })

    test('says "not found" for what it does not have', async () => {
      expect((await ask(({ absentKey }) => absentKey)).answer.result.kind).toBe('notfound')
    })

    test('says neither when it does not know, and lets nobody store that', async () => {
      const { unknownKey } = await make()
      if (unknownKey === undefined) return
      const { answer } = await ask((subject) => subject.unknownKey ?? '')
      expect(answer.result.kind).toBe('temporary')
      expect(answer.storable).toBe(false)
    })

    test('after the end is never "not found" where it was found', async () => {
      const { subject, shared } = await open()
      const { upstream } = shared.forTable(subject.table)
      shared.abort()
      await shared.destroy()
      const asked = questionOf(subject, subject.found.key)
      expect(['found', 'temporary']).toContain((await upstream.ask(asked)).result.kind)
    })

    test('is the same for its tables over a reload without changes, and another with one', async () => {
      const { subject, shared } = await open()
      const next = await subject.kind.plan(subject.settings, shared, PARTS)
      onTestFinished(() => next.destroy())
      expect(next.isSameFor(shared)).toBe(true)
      const { shared: other } = await open(shared, true)
      expect(other.isSameFor(shared)).toBe(false)
    })

    test('goes back to its settings when the next ones do not take effect', async () => {
      const { subject, shared } = await open()
      const next = await subject.kind.plan(subject.changed, shared, PARTS)
      next.configure()
      shared.configure()
      await next.close(shared)
      const asked = questionOf(subject, subject.found.key)
      const { result } = await shared.forTable(subject.table).upstream.ask(asked)
      expect(result).toMatchObject({ kind: 'found', value: subject.found.value })
    })

    test('says what it needs of the process', async () => {
      const { kind, settings } = await make()
      const { descriptors, heapBytes } = kind.needs(settings)
      for (const need of [descriptors, heapBytes]) expect(Number.isSafeInteger(need) && need >= 0).toBe(true)
    })

    test('has probes that are named and reply', async () => {
      const { subject, shared } = await open()
      const probes = shared.probes(subject.table)
      expect(probes).toHaveLength(subject.probes)
      for (const probe of probes) {
        expect(probe.name).not.toBe('')
        expect((await probe.ask(subject.found.key)).result).toMatchObject({ kind: 'found' })
      }
    })

    test('says what it fetches for itself, once it has it', async () => {
      const { subject, shared } = await open()
      const fetches = (await shared.tryFetches?.()) ?? []
      expect(fetches.map(({ what }) => what)).toEqual(subject.fetches ?? [])
      expect(shared.status().fetches ?? []).toEqual(fetches)
      for (const { what, title, state, fetchedAtMs, expiresAtMs } of fetches) {
        expect(what).toMatch(LABEL_OR_NAME)
        expect(title).not.toBe('')
        expect(state).toBe('valid')
        expect(fetchedAtMs ?? expiresAtMs).toBeGreaterThan(0)
      }
      expect(shared.troubles?.() ?? []).toEqual([])
    })

    test('has metrics whose samples have the labels that they name', async () => {
      const { subject, shared } = await open()
      const { metrics } = subject.kind
      expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length)
      for (const row of metrics) {
        expect(row.name).toMatch(LABEL_OR_NAME)
        row.samples(shared.status(), (labels, value) => {
          expect(Object.keys(labels)).toEqual(row.labels)
          expect(typeof value).toBe('number')
        })
      }
    })

    test('asks nothing ahead of need once its table is stopped', async () => {
      const { subject, shared } = await open()
      const asked = shared.forTable(subject.table)
      asked.start()
      asked.stop()
      expect(Array.isArray(asked.canaries())).toBe(true)
    })
  })
}

function questionOf(
  { attributesOf }: Pick<KindSubject<UpstreamSettings, UpstreamTable>, 'attributesOf'>,
  key: string,
  explanation?: Explanation,
): Question {
  const deadlineMs = systemClock.monotonicMs() + 5000
  return question(key, { deadlineMs, attributes: attributesOf?.(key), explanation })
}
