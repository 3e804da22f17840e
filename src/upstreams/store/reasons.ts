/** What a store says by itself. */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const STORE_REASONS = {
  unreadable: {
    cause: 'service',
    text: 'store …: its folder cannot be read or written (…); see its disk and its owner',
    advice:
      'the disk is full or failing, or the folder belongs to somebody else; the log has the whole error',
  },
  closed: {
    cause: 'stopping',
    text: 'the store is closed; ask again',
    advice: 'nothing: Postfix asks again',
  },
} as const satisfies ReasonCatalogue
