/**
 * An explanation made fit for the log: keys shown as `log.keys` says, and no looked-up values,
 * which are addresses of people as well.
 */
import type { ExplainStep } from '../core/observed/explain.ts'

/** Steps in one log line. Ours: a lookup that took more has its answer in the last ones. */
const MAX_SHOWN_STEPS = 50

/** Fields that hold a key or a part of one. */
const KEY_FIELDS: ReadonlySet<string> = new Set(['key', 'domain', 'extension'])

/** Fields that hold what a service answered; `exchange` has all of it, and the key in the URL. */
const VALUE_FIELDS: ReadonlySet<string> = new Set(['value', 'selected', 'before', 'after', 'exchange'])

/** @param renderKey As `log.keys` says; undefined leaves the field out. */
export function shownSteps(
  steps: readonly ExplainStep[],
  renderKey: (key: string) => string | undefined,
): Record<string, unknown>[] {
  return steps.slice(-MAX_SHOWN_STEPS).map((step) => shownFields({ ...step }, renderKey))
}

function shownFields(
  fields: Record<string, unknown>,
  renderKey: (key: string) => string | undefined,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (VALUE_FIELDS.has(name)) continue
    if (KEY_FIELDS.has(name)) shown[name] = typeof value === 'string' ? renderKey(value) : value
    else if (name === 'attributes' && typeof value === 'object' && value !== null)
      shown[name] = shownAttributes({ ...value }, renderKey)
    else if (name === 'result' && typeof value === 'object' && value !== null)
      shown[name] = shownFields({ ...value }, renderKey)
    else shown[name] = value
  }
  return shown
}

/** What a client said besides the key: like keys, for most of it is addresses. */
export function shownAttributes(
  attributes: Readonly<Record<string, unknown>>,
  renderKey: (key: string) => string | undefined,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, renderKey(String(value))]),
  )
}
