/** What this protocol says by itself. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const TCP_TABLE_REASONS = {
  noGet: {
    cause: 'bad-request',
    text: 'bad request: expected get, a space and a key',
    advice: 'tcp_table: something other than Postfix talks to the port; the command is lower case',
  },
  badQuoting: {
    cause: 'bad-request',
    text: 'bad request: two hex digits must follow each % of the key',
    advice: 'tcp_table: write `%25` for a percent sign',
  },
  unquoted: {
    cause: 'bad-request',
    text: 'bad request: a control byte or one that is no UTF-8 must be quoted as % and two hex digits',
    advice:
      'tcp_table: something other than Postfix talks to the port; a backspace or an arrow key was typed into telnet, or the line ends with two carriage returns',
  },
  lineTooLong: {
    cause: 'bad-request',
    text: 'bad request: the line is too long',
    advice: 'tcp_table: no key has 128 KiB',
  },
  put: {
    cause: 'bad-request',
    text: 'put is not supported',
    advice:
      'tcp_table: Postfix writes no such table; a table that it writes is a store, over memcache or proxymap',
  },
  quit: {
    cause: 'bad-request',
    text: 'closing the connection',
    advice: 'tcp_table: nothing: somebody typed `quit`',
  },
} as const satisfies ReasonCatalogue

/** What its client says by itself. */
export const TCP_TABLE_CLIENT_REASONS = {
  wrongQuoting: {
    cause: 'unreadable',
    text: 'the server sent a reply with a % that is not followed by two hex digits',
    advice: 'tcp_table: the server must quote `%`, white space and control characters',
  },
} as const satisfies ReasonCatalogue
