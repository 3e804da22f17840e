/**
 * What can go wrong on a connection of any protocol. With the errors of its protocol they are the values of
 * the label `kind` of `mapgate_protocol_errors_total`.
 */

export const SESSION_ERRORS = {
  table: 'A table name that this listener does not serve. Answered as a table that does not exist.',
  'request-timeout': 'A request that was begun and not finished within 30 seconds. The connection is closed.',
  'reply-timeout': 'Replies that were not read within 30 seconds. The connection is closed.',
  'reply-lost': 'The connection was closed before the reply to a request could be sent.',
} as const

export type SessionError = keyof typeof SESSION_ERRORS
