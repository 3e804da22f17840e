/** What this protocol says by itself. Postfix is told a status only; the reasons are for our own log. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const PROXYMAP_REASONS = {
  noRequest: {
    cause: 'bad-request',
    text: 'bad request: not one of open, lookup, update, delete and sequence',
    advice:
      'proxymap: something other than Postfix talks to the socket, or a Postfix newer than mapgate knows',
  },
  requestTooLong: {
    cause: 'bad-request',
    text: 'bad request: longer than 128 KiB',
    advice: 'proxymap: Postfix never sends a key or value that long',
  },
  nulByte: {
    cause: 'unreadable',
    text: 'the value has a NUL byte, which the protocol cannot carry; fix the service',
    advice: 'proxymap: only a function of the library can find such a value',
  },
} as const satisfies ReasonCatalogue

/** What its client says by itself. */
export const PROXYMAP_CLIENT_REASONS = {
  nulKey: {
    cause: 'bad-request',
    text: 'the protocol cannot carry a key with a NUL byte',
    advice: 'proxymap: a NUL byte ends each name and value',
  },
  tryLater: {
    cause: 'service',
    text: 'the server says: try again later',
    advice: 'proxymap: its log says why',
  },
  badRequest: {
    cause: 'bad-request',
    text: 'the server says that the request is bad (BAD)',
    advice: 'proxymap: another dialect is spoken at that socket',
  },
  denied: {
    cause: 'refused',
    text: 'the server refuses access to this table (DENY); see its proxy_read_maps',
    advice: 'proxymap: of Postfix; add the table to `proxy_read_maps`',
  },
  wrongSetUp: {
    cause: 'refused',
    text: 'the server says that the table is set up wrongly (CONFIG)',
    advice: 'proxymap: its log says why',
  },
} as const satisfies ReasonCatalogue
