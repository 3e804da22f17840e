/** What this protocol says by itself. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const SOCKETMAP_REASONS = {
  noNetstring: {
    cause: 'bad-request',
    text: 'bad request: expected a netstring, such as 11:aliases bob,',
    advice:
      'socketmap: somebody types, or a client of another protocol talks to the port; `mapgate query` speaks it',
  },
  noKey: {
    cause: 'bad-request',
    text: 'bad request: expected a table name, a space and a key',
    advice: 'socketmap: something other than Postfix talks to the port',
  },
} as const satisfies ReasonCatalogue
