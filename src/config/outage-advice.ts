/**
 * What to write, so that an outage defers fewer lookups of a table: one sentence each, for `mapgate check --outage`
 * and whoever reads the readiness.
 *
 * Each is what the configuration checks would accept (checks/outage.ts).
 */
import type { TableConfig } from './config.ts'
import { type NotFoundVerdict, notFoundVerdict } from './not-found-verdicts.ts'

export function outageAdvice(table: TableConfig): readonly string[] {
  const { cache, domains, sideEffects, usedBy } = table
  if (sideEffects) return ['nothing: with sideEffects: true no answer is stored']
  if (cache === undefined) return ['remove cache: off, since nothing is known of what is not stored']
  if (usedBy.length === 0)
    return ['usedBy: every main.cf parameter that uses the table; the rules for outages depend on it']
  const verdicts = usedBy.map(notFoundVerdict)
  const rule = isKnown(verdicts) ? ruleFor(table, verdicts) : undefined
  return [
    ...(rule === undefined ? [] : [rule]),
    ...(domains === undefined
      ? ['domains: the list of your domains, or the table that has them; nobody is asked about others then']
      : []),
  ]
}

function isKnown(verdicts: readonly (NotFoundVerdict | undefined)[]): verdicts is NotFoundVerdict[] {
  return !verdicts.includes(undefined)
}

/** The rule that the table may have and has not. */
function ruleFor(table: TableConfig, verdicts: readonly NotFoundVerdict[]): string | undefined {
  const { cache, canary, whenUnknown } = table
  if (whenUnknown === undefined && verdicts.every(({ mayBeMissed }) => mayBeMissed))
    return 'whenUnknown: notFound, if it is a deny list or a copy: then the check or copy is missed, and not the mail'
  if (cache?.staleNotFound !== undefined) return undefined
  const withCanary = canary === undefined ? ', with a canary' : ''
  const stale = verdicts.map((verdict) => verdict.stale)
  if (stale.every((one) => one === 'harmless' || one === 'operator'))
    return `cache.staleNotFound: { for: 1h }${withCanary}, if the default of Postfix may hold in an outage`
  if (stale.every((one) => one === 'harmless' || one === 'proof')) {
    const proofs = [...new Set(verdicts.flatMap((verdict) => verdict.proofs))].join(' or ')
    return `cache.staleNotFound: { for: 1d, ifFoundIn: TABLE }${withCanary}, where TABLE is used by ${proofs}`
  }
  return undefined
}
