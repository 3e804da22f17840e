/**
 * The reasons of functions that a program gives as tables.
 */
import type { ReasonCatalogue } from '../../core/reason.ts'
import { VALUE_FAULTS } from '../../core/value/value-text.ts'

export const FUNCTION_REASONS = {
  late: {
    cause: 'timeout',
    text: 'no answer from the table in time',
    advice: 'library: the promise of the table function was not settled before the deadline',
  },
  defect: {
    cause: 'defect',
    text: 'internal error of the table',
    advice: 'library: the table function threw; `onDefect` was called with the error',
  },
  controlCharacters: {
    cause: 'unreadable',
    text: `the table's answer ${VALUE_FAULTS.controlCharacters}`,
    advice: 'library: a value is one line of text',
  },
  invisibleCharacter: {
    cause: 'unreadable',
    text: `the table's answer ${VALUE_FAULTS.invisibleCharacter}`,
    advice: 'library: remove it from the data of the table function',
  },
  noCharacter: {
    cause: 'unreadable',
    text: `the table's answer ${VALUE_FAULTS.noCharacter}`,
    advice: 'library: the table function decoded bytes that are not in this encoding',
  },
  onlySpaces: {
    cause: 'unreadable',
    text: `the table's answer ${VALUE_FAULTS.onlySpaces}`,
    advice: 'library: return nothing for "not found"',
  },
} as const satisfies ReasonCatalogue
