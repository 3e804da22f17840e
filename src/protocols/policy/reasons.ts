/** What this protocol says by itself. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const POLICY_REASONS = {
  noRequest: {
    cause: 'bad-request',
    text: 'bad request: expected request=smtpd_access_policy and lines of name=value',
    advice: 'policy: something other than smtpd talks to the port',
  },
  requestTooLong: {
    cause: 'bad-request',
    text: 'bad request: more attributes than smtpd sends',
    advice: 'policy: no request has 128 KiB or 100 attributes',
  },
  permission: {
    cause: 'unreadable',
    text: 'the server sent an empty action or a number, which smtpd takes for a permission',
    advice: 'policy: said by `mapgate query` of another server: fix it, it lets everybody relay',
  },
  notAnAction: {
    cause: 'unreadable',
    text: "the service's answer is not an action of access(5) that may be passed on; fix the service",
    advice:
      'policy: an empty one, nothing but digits, an unknown word, a name with a colon, or other bytes than printable ASCII: smtpd would let mail in or defer it by it',
  },
} as const satisfies ReasonCatalogue
