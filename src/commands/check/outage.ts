/**
 * `mapgate check --outage`: asks the running gateway what an outage of its services would defer now, and says what
 * to write.
 *
 *   aliases: 87% of 1,234 lookups in the last ten minutes would be answered
 *     about 12 lookups of ann@a.example: was not asked before, or is forgotten
 *     write cache.staleNotFound: { for: 1d, ifFoundIn: mailboxes }, else mail to mailboxes that have no alias waits
 */
import { count, counted, percent } from '../../presentation/format.ts'
import { oneLine, printable } from '../../presentation/printable.ts'
import { AdminClient, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { type AdminOptions, findAdmin } from '../admin-target.ts'
import { CommandError, EXIT_NOT_FOUND, EXIT_OK, EXIT_UNREACHABLE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

/** Share of the lookups below which a table is a problem. Source: the alert MapgateOutageReadinessLow. */
const ENOUGH = 0.9

/** A table in the answer of the admin API. */
interface Readiness {
  readonly name: string
  readonly lookups: number
  /** Of these the keys are known; each stands for others as well where they are fewer. */
  readonly sampled: number
  readonly ratio?: number
  readonly deferredKeys: number
  readonly deferred: readonly {
    readonly key?: string
    readonly at?: string
    readonly lookups: number
    readonly why: string
  }[]
  readonly advice: readonly string[]
}

/** @returns 1 when a table would answer less than 90 % of its lookups. */
export async function checkOutage(options: AdminOptions, io: CommandIo): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const { body } = await client.get('/api/v1/readiness')
    const tables = property(body, 'tables') as readonly Readiness[] | undefined
    if (!Array.isArray(tables))
      throw new CommandError(
        EXIT_UNREACHABLE,
        `${client.target.shown}: the reply is no readiness; is this mapgate?`,
      )
    for (const table of tables as readonly Readiness[])
      io.stdout.write(`${linesOf(table).map(printable).join('\n')}\n`)
    const isReady = (tables as readonly Readiness[]).every(({ ratio = 1 }) => ratio >= ENOUGH)
    return isReady ? EXIT_OK : EXIT_NOT_FOUND
  } finally {
    await client.close()
  }
}

function linesOf({ name, lookups, sampled, ratio, deferredKeys, deferred, advice }: Readiness): string[] {
  if (ratio === undefined) return [`${name}: no lookups in the last ten minutes, so nothing is known`]
  const head = `${name}: ${percent(ratio)} of ${counted(lookups, 'lookup')} in the last ten minutes would be answered`
  if (deferredKeys === 0) return [head]
  const more = deferredKeys - deferred.length
  return [
    head,
    ...deferred.map(({ key, at, lookups: times, why }) => {
      const of = key === undefined ? '' : ` of ${oneLine(key)}`
      const about = at === undefined || at === key ? '' : `${oneLine(at)}: `
      return `  ${sampled < lookups ? 'about ' : ''}${counted(times, 'lookup')}${of}: ${about}${why}`
    }),
    ...(more > 0 ? [`  and ${count(more)} more keys`] : []),
    ...advice.map((sentence) => `  write ${sentence}`),
  ]
}
