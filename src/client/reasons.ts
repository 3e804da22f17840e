/**
 * What a client says by itself, in the place of a reply.
 */
import type { ReasonCatalogue } from '../core/reason.ts'

export const CLIENT_REASONS = {
  noReplyInTime: {
    cause: 'timeout',
    text: 'no reply from the server in time',
    advice: 'the server is slow or does not speak the protocol that was named',
  },
  noConnectionInTime: {
    cause: 'timeout',
    text: 'cannot connect to the server in time',
    advice: 'a firewall between, or a machine that is off',
  },
  clientClosed: {
    cause: 'connect',
    text: 'the client was closed',
    advice: 'library: `close()` was called before the reply had come',
  },
  closedUnanswered: {
    cause: 'connect',
    text: 'the server closed the connection without a reply',
    advice: 'it was restarted, or does not speak the protocol that was named',
  },
  noConnection: {
    cause: 'connect',
    text: 'cannot connect to the server',
    advice: 'is the server running there?',
  },
  connectFailed: {
    cause: 'connect',
    text: 'cannot connect to the server: …',
    advice:
      'the code of the system: `ECONNREFUSED` nobody listens, `ENOENT` there is no such socket, `EACCES` it may not be opened',
  },
  connectionClosed: {
    cause: 'connect',
    text: 'the connection was closed',
    advice: 'the server closes what it accepts: look at its list of allowed clients',
  },
  noClientAddress: {
    cause: 'connect',
    text: 'systemd:NAME is not an address to connect to',
    advice: 'name the address that the socket unit listens on',
  },
  wrongReply: {
    cause: 'unreadable',
    text: 'the server sent a reply that is too long or not of the protocol',
    advice: 'another protocol is spoken at that address',
  },
} as const satisfies ReasonCatalogue
