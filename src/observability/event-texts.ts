/**
 * What the log and the list of problems say of an event, each by a code that stays when the sentence is edited. docs/errors.md lists them.
 *
 * What was seen elsewhere comes with its own sentence: reasons of lookups, problems of a configuration, the cache file.
 */
import { filled } from '../core/reason.ts'

/** With `…` where a part varies. */
export const EVENT_TEXTS = {
  'gateway-state': 'gateway …',
  'listener-up': 'listening',
  'accept-failed': 'cannot accept connections',
  'accept-failed-because': 'cannot accept connections: …',
  'change-refused':
    'a change of table… was refused: it cannot be written at this listener; give a table of a store to the listener that proxywrite_service_name leads to, by "write"',
  'reload-refused': 'reload refused; the previous configuration stays in use',
  overloaded: 'the event loop does not keep up: only stored answers are given until it does',
  'traces-lost': 'traces lost: the collector does not accept them',
  'log-lines-lost': 'log lines are being lost: …; check its disk, pipe or collector',
  defect: 'defect: please report it',
  'lookup-failed': 'lookup failed',
  'lookup-slow': 'lookup slow',
  'circuit-state': 'circuit …',
  'circuit-opened': 'the circuit opened…: no lookups are sent to the endpoint until it answers again',
  'shared-up': 'the shared store is used',
  'shared-down': 'the shared store is not used until it responds quickly again',
  'shared-down-because':
    'the shared store is not used until it responds quickly again: …; lookups ask the service meanwhile',
  'shared-from-future':
    'the shared store has a purge from more than a day in the future: somebody wrote it by hand; it is taken for one of now, and a floor is ignored; delete it',
  'canary-up': 'canary found',
  'canary-missing':
    'canary not found: the service has lost data or is the wrong one; its "not found" is not believed',
  'canary-unreachable': 'canary unanswered: the service fails or is silent; its "not found" is not believed',
  'lookups-shed': 'lookups are being turned away: no slot is free, or mapgate is overloaded',
  'drill-begins': 'a drill begins: the upstream is treated as dead until …',
  'drill-over': 'the drill is over',
  'outage-after-drill':
    'no endpoint answers now that the drill is over…: this is an outage; see mapgate status',
  'list-copied': 'the list of the table was taken over',
  'list-copied-first': 'the first list of the table was taken over: …',
  'list-changed': 'the changes of the table were taken over',
  'list-changes-unusable': 'the changes of the table could not be used: …',
  'list-held': 'the list of the table is kept aside: …; mapgate replica accept …, or reject',
  'list-failed': 'the list of the table was not taken over: …',
  'store-failed':
    'what Postfix wrote of the table cannot be read or written; see the disk of the store and its owner, or the shared store',
  'loss-holding':
    'the service lost many keys that it found before: its "not found" of such keys is not believed; restore its data or, if they are gone on purpose, mapgate confirm-loss …',
  'loss-over': 'the loss of keys is over: "not found" is believed again',
  'answered-unknown': 'lookups are answered "not found" by whenUnknown, because …',
} as const

/** @param parts What varies, in order. */
export function eventText(code: keyof typeof EVENT_TEXTS, ...parts: readonly (string | number)[]): string {
  return filled(EVENT_TEXTS[code], parts)
}
