/** What this protocol says by itself. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const MEMCACHE_REASONS = {
  noTable: {
    cause: 'bad-request',
    text: 'bad request: expected get TABLE/KEY; see key_format',
    advice:
      'memcache: `key_format` in the table file of Postfix must be the name of the table, a slash and `%s`',
  },
  lineTooLong: {
    cause: 'bad-request',
    text: 'bad request: the command has more than 128 KiB',
    advice: 'memcache: no key has 128 KiB',
  },
} as const satisfies ReasonCatalogue

/** What its client says by itself. */
export const MEMCACHE_CLIENT_REASONS = {
  unsentKey: {
    cause: 'bad-request',
    text: 'Postfix never asks for an empty key or one with white space here, and takes it for "not found"; use socketmap',
    advice: 'memcache: its commands are words between spaces',
  },
} as const satisfies ReasonCatalogue
