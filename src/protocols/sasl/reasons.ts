/** What this protocol says by itself. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const SASL_REASONS = {
  notAUser: {
    cause: 'unreadable',
    text: "the service's answer has a control character in the user name; fix the service",
    advice: 'sasl: `response.user` selects something other than a name: nobody is logged in by it',
  },
  badAuth: {
    cause: 'bad-request',
    text: 'bad request: expected AUTH, an id and a mechanism that the listener offers',
    advice: 'sasl: something other than smtpd talks to the port, or `mechanisms` was changed by a reload',
  },
  lineTooLong: {
    cause: 'bad-request',
    text: 'bad request: a line longer than smtpd sends',
    advice: 'sasl: no line has 16 KiB',
  },
  nobody: {
    cause: 'unreadable',
    text: 'the server sent an OK without a user, by which everybody may relay',
    advice: 'sasl: said by `mapgate query` of another server: fix it',
  },
  closed: {
    cause: 'service',
    text: 'the server closed the connection: it does not know, or its service fails; see its log',
    advice: 'sasl: said by `mapgate query`; smtpd says 454 "try again later" then',
  },
  unsendable: {
    cause: 'bad-request',
    text: 'a user name is not empty, and has no control characters',
    advice: 'sasl: said by `mapgate query`',
  },
} as const satisfies ReasonCatalogue
