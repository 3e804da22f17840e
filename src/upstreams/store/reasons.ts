/** What a store says by itself. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const STORE_REASONS = {
  unreadable: {
    cause: 'service',
    text: 'store …: its folder cannot be read or written (…); see its disk and its owner',
    advice:
      'the disk is full or failing, or the folder belongs to somebody else; the log has the whole error',
  },
  unreachable: {
    cause: 'service',
    text: 'store …: its entries are in the shared store, which does not answer (…); see `mapgate status`',
    advice:
      'Valkey or Redis is down, slow, full, or refuses the command; the log has the whole error, and docs/several-gateways.md what it needs',
  },
  closed: {
    cause: 'stopping',
    text: 'the store is closed; ask again',
    advice: 'nothing: Postfix asks again',
  },
} as const satisfies ReasonCatalogue
