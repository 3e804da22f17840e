/** What this protocol says by itself. Postfix is told a status only; the reasons are for our own log. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const PROXYMAP_REASONS = {
  noRequest: {
    cause: 'bad-request',
    text: 'bad request: not one of open, lookup, update, delete and sequence',
    advice:
      'proxymap: something else than Postfix talks to the socket, or a Postfix newer than mapgate knows',
  },
  requestTooLong: {
    cause: 'bad-request',
    text: 'bad request: longer than 128 KiB',
    advice: 'proxymap: no key and no value of Postfix has so much',
  },
  nulByte: {
    cause: 'unreadable',
    text: 'the value has a NUL byte, which the protocol cannot carry; fix the service',
    advice: 'proxymap: only a function of the library can find such a value',
  },
} as const satisfies ReasonCatalogue
