/**
 * One request with an access token, and once more with a new token where the service refuses the first (401, RFC 6750
 * section 3.1).
 */
import type { CancelSignal } from '../../../core/cancellation.ts'
import type { Clock } from '../../../core/clock.ts'
import { permanentFor } from '../../../core/reason.ts'
import type { Temporary } from '../../../core/result.ts'
import type { Reply } from '../../../core/upstream.ts'
import type { AccessTokens } from './access-tokens.ts'
import { OAUTH_REASONS } from './reasons.ts'

interface AuthorizedOptions {
  readonly clock: Clock
  /** Longest time for all of it, ms. */
  readonly timeoutMs: number
  readonly signal: CancelSignal | undefined
  /** False for a question that is never asked twice. */
  readonly mayRepeat: boolean
}

/** @param send Sends the request with a token, in the time that is given, ms. */
export async function sendAuthorized(
  tokens: AccessTokens,
  { clock, timeoutMs, signal, mayRepeat }: AuthorizedOptions,
  send: (token: string, timeoutMs: number) => Promise<Reply>,
): Promise<Reply> {
  const startedMs = clock.monotonicMs()
  const leftMs = (): number => timeoutMs - (clock.monotonicMs() - startedMs)
  const hadToken = tokens.current !== undefined
  const first = await tokens.get(timeoutMs, signal)
  if ('failure' in first) return unsent(first.failure)
  const reply = await send(first.token, leftMs())
  if (!isRefused(reply)) return named(hadToken ? reply : withoutBlame(reply))
  tokens.refuse(first.token)
  if (!mayRepeat) return named(reply)
  const second = await tokens.get(leftMs(), signal)
  if ('failure' in second) return unsent(second.failure)
  // The same again: it was fetched for this very reason a moment ago.
  if (second.token === first.token) return named(reply)
  return named(withoutBlame(await send(second.token, leftMs())))
}

/** A 401 may also be one of the answers of a table, such as "wrong password". */
function isRefused({ status, retry }: Reply): boolean {
  return status === 401 && retry === 'other-endpoint'
}

function unsent(result: Temporary): Reply {
  return { result, evidence: 'none', retry: 'none', isUnsent: true }
}

/** The time that the token took is not the service's: that the rest was too short says nothing about it. */
function withoutBlame(reply: Reply): Reply {
  const isLate = reply.result.kind === 'temporary' && reply.result.cause === 'timeout'
  return isLate ? { ...reply, evidence: 'none' } : reply
}

function named(reply: Reply): Reply {
  const { status = 0, result } = reply
  if (result.kind !== 'permanent' || (status !== 401 && status !== 403)) return reply
  return { ...reply, result: permanentFor(OAUTH_REASONS.tokenRefused, status) }
}
