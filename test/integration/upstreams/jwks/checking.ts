/**
 * One table whose tokens are checked by the keys of a real server. Time is moved by hand.
 */
import { expect, onTestFinished } from 'vitest'
import { Attributes } from '../../../../src/core/attributes.ts'
import { Explanation } from '../../../../src/core/observed/explain.ts'
import { parseEndpoint } from '../../../../src/upstreams/http-client/endpoint-url.ts'
import { isInvalidTokenUrl, parseTokenUrl } from '../../../../src/upstreams/http-client/oauth/token-url.ts'
import { KeySet } from '../../../../src/upstreams/jwks/key-set.ts'
import type { JwtRules } from '../../../../src/upstreams/jwks/schema.ts'
import { TokenTable } from '../../../../src/upstreams/jwks/token-table.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { question } from '../../../support/core/question.ts'
import { startTokenIssuer, type TokenIssuer } from '../../../support/http/token-issuer.ts'

export interface Checking {
  readonly issuer: TokenIssuer
  readonly clock: ManualClock
  readonly keys: KeySet
  /** What was told, in order. */
  readonly events: string[]
  /** What was counted, in order. */
  readonly outcomes: string[]
  /** A good token but for these claims. */
  token: TokenIssuer['token']
  /** @returns The name that was found, or what else the answer is. */
  check(token: string, forMs?: number): Promise<string>
  /** The step that explains the last answer. */
  explained(): unknown
}

export async function checking(changes: Partial<JwtRules> = {}): Promise<Checking> {
  const issuer = await startTokenIssuer({ onTestFinished })
  const clock = new ManualClock()
  const url = parseTokenUrl(issuer.url)
  if (isInvalidTokenUrl(url)) throw new Error(url.why)
  const events: string[] = []
  const outcomes: string[] = []
  const place = { name: 'identity', url, timeoutMs: 2000, tls: undefined, proxy: undefined }
  const keys = new KeySet(
    place,
    { refreshEveryMs: 600_000, keepForMs: 86_400_000 },
    {
      clock,
      random: () => 0,
      observer: {
        fetchChanged: ({ state, failure }) =>
          events.push(failure === undefined ? state : `${state}: ${failure}`),
      },
      onDefect: (error) => events.push(`defect: ${error}`),
    },
  )
  const rules: JwtRules = {
    issuer: issuer.name,
    audience: ['mail'],
    user: 'email',
    algorithms: ['RS256', 'ES256'],
    scope: undefined,
    clockSkewMs: 30_000,
    ...changes,
  }
  const onChecked = (outcome: string) => outcomes.push(outcome)
  const table = new TokenTable({ name: 'identity', rules, keys, clock, onChecked })
  let explanation = new Explanation()
  onTestFinished(async () => {
    await keys.stop()
    expect(clock.timers).toBe(0)
  })
  return {
    issuer,
    clock,
    keys,
    events,
    outcomes,
    token: (claims, options) => issuer.token(claims, { atMs: clock.wallMs(), ...options }),
    async check(token, forMs = 5000) {
      explanation = new Explanation()
      const attributes = new Attributes([['user', 'typed']], [['token', token]])
      const deadlineMs = clock.monotonicMs() + forMs
      const { result, storable } = await table.ask(question('typed', { attributes, deadlineMs, explanation }))
      expect(storable).toBe(false)
      if (result.kind === 'notmodified') throw new Error('not modified')
      if (result.kind === 'found') return result.value
      return result.kind === 'notfound' ? `wrong: ${outcomes.at(-1)}` : `${result.kind}: ${result.reason}`
    },
    explained: () => explanation.steps.at(-1),
  }
}

/** Host and port of the issuer, as reasons have it. */
export function whereOf({ url }: TokenIssuer): string {
  const endpoint = parseEndpoint(url)
  return 'label' in endpoint ? endpoint.label : ''
}
