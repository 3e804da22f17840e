/**
 * Is mail well? One headline in words, and why. Pure.
 *
 * The headline has no number in it: it is read aloud whenever it changes, and must not change
 * every two seconds.
 */

import type { HistoryPoint } from '../../core/observed/history-point.ts'
import type { GatewayStatus } from '../../core/status.ts'
import { causeText } from '../../presentation/causes.ts'
import { count, counted, percent } from '../../presentation/format.ts'
import { causesOf, recent, totals, WINDOW_SECONDS } from '../../presentation/rates.ts'

export type Level = 'ok' | 'warn' | 'bad' | 'unknown'

/** The state of the page's connection to the gateway. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'token-needed' }

export interface Verdict {
  readonly level: Level
  readonly headline: string
  /** One sentence each; the gateway's own about what is degraded come first. */
  readonly reasons: readonly string[]
}

/**
 * Share of failed lookups from which mail as a whole counts as delayed. Ours: below it single
 * recipients wait, and the next attempt of Postfix mostly succeeds.
 */
const DELAYED_SHARE = 0.05

const WINDOW_TEXT = `the last ${WINDOW_SECONDS} seconds`

export function verdict(
  connection: Connection,
  status: GatewayStatus | undefined,
  points: readonly HistoryPoint[],
): Verdict {
  if (connection.kind === 'token-needed') {
    return {
      level: 'unknown',
      headline: 'A token is needed',
      reasons: ['This gateway can be seen only with a token from admin.tokens.'],
    }
  }
  if (connection.kind === 'lost') {
    const note = 'Mail may flow all the same: the figures below are as old as the last contact.'
    return { level: 'unknown', headline: 'No connection to mapgate', reasons: [connection.why, note] }
  }
  if (status === undefined) return { level: 'unknown', headline: 'Asking mapgate', reasons: [] }
  return judge(status, recent(points))
}

function judge({ state, degraded }: GatewayStatus, window: readonly HistoryPoint[]): Verdict {
  const mail = totals(window, { kind: 'mail' })
  const failed = mail.temporary + mail.permanent
  const reasons = [...degraded, ...failureReasons(mail, window)]
  if (state === 'starting') return { level: 'warn', headline: 'mapgate is starting', reasons }
  if (state === 'draining') return { level: 'warn', headline: 'mapgate is stopping', reasons }
  if (failed > 0 && failed >= mail.lookups * DELAYED_SHARE)
    return { level: 'bad', headline: 'Mail is delayed', reasons }
  if (failed > 0) return { level: 'warn', headline: 'Some mail is delayed', reasons }
  const traffic =
    mail.lookups === 0
      ? `No mail server asked anything in ${WINDOW_TEXT}.`
      : `${counted(mail.lookups, 'lookup')} in ${WINDOW_TEXT}, every one answered.`
  if (degraded.length > 0)
    return {
      level: 'warn',
      headline: 'Mail flows, but something needs attention',
      reasons: [...reasons, traffic],
    }
  return { level: 'ok', headline: 'Mail flow is healthy', reasons: [traffic] }
}

function failureReasons(
  mail: { readonly lookups: number; readonly temporary: number; readonly permanent: number },
  window: readonly HistoryPoint[],
): string[] {
  const reasons: string[] = []
  const share = (part: number): string =>
    `${count(part)} of ${counted(mail.lookups, 'lookup')} (${percent(part / mail.lookups)})`
  if (mail.temporary > 0)
    reasons.push(
      `${share(mail.temporary)} in ${WINDOW_TEXT} got “try later”: that mail waits, at its sender or in Postfix.`,
    )
  if (mail.permanent > 0)
    reasons.push(`${share(mail.permanent)} in ${WINDOW_TEXT} were refused: something is misconfigured.`)
  const cause = causesOf(window)[0]
  if (reasons.length > 0 && cause !== undefined) reasons.push(`Most often: ${causeText(cause[0])}.`)
  return reasons
}
