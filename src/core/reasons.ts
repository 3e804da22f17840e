/**
 * The reasons of the core: deadlines, limits, circuits, the canary.
 */
import type { ReasonCatalogue } from './reason.ts'
import { DEFECT, NO_TABLE, STOPPING } from './result.ts'

export const CORE_REASONS = {
  deadlinePassed: {
    cause: 'timeout',
    text: 'no answer from the service in time; see if it is slow or overloaded',
    advice: "the table's `deadline` came before an answer",
  },
  silent: {
    cause: 'timeout',
    text: 'the service is answering no lookups at the moment; see if it hangs',
    advice: 'only in explanations: a rule for outages answers, or the lookup waits on',
  },
  tooSlow: {
    cause: 'timeout',
    text: 'the service took far longer than usual while others waited; see if it is slow for this key',
    advice: 'slow for this key: look at the service; `maxConcurrent` leaves more room',
  },
  pause: {
    cause: 'status',
    text: 'upstream …: the service asks for a pause of … s (Retry-After)',
    advice: 'it is overloaded and says so',
  },
  tooManyValues: {
    cause: 'unreadable',
    text: 'the service gave more than … values; see response.maxValues',
    advice: 'a list that grew; raise it if it is right',
  },
  noAsciiDomain: {
    cause: 'unreadable',
    text: 'a value has a domain that cannot be written in ASCII; see response.idn',
    advice:
      'a character that only looks like a dot, a slash or an at sign (`U+2024`, `U+2100`, `U+FF20`), mostly pasted: find the value in the data of the service, or in the static entries, and write it again',
  },
  unconditional304: {
    cause: 'unreadable',
    text: 'the service answered 304 to a request without a condition; fix the service',
    advice: 'a broken cache between',
  },
  domainsTable: {
    cause: 'service',
    text: 'the domains table did not answer: …',
    advice: 'the reason of the table in `domains` follows',
  },
  circuitsOpen: {
    cause: 'circuit',
    text: 'upstream …: all endpoints are failing (circuit open); fix the service',
    advice: 'no endpoint answers a question whose answer is known; they are asked again every `openFor`',
  },
  leftAlone: {
    cause: 'circuit',
    text: 'upstream …: questions of this table whose answer is known fail; fix the service',
    advice:
      'the table has `whenUnknown`: only such questions are sent until one is answered, to see if it is an outage',
  },
  drill: {
    cause: 'connect',
    text: 'a drill treats the service as dead; see mapgate status',
    advice:
      'somebody tries an outage, see [resilience.md](resilience.md#try-an-outage); `mapgate drill --stop UPSTREAM` ends it',
  },
  circuitsOpenByDrill: {
    cause: 'circuit',
    text: 'upstream …: a drill treats the service as dead; mapgate drill --stop … ends it',
    advice: 'the same, once its circuits are open',
  },
  canaryMissing: {
    cause: 'canary',
    text: 'the service does not know its canary, so its "not found" is not believed; check its path and deployment',
    advice: 'see [MapgateCanaryDown](troubleshooting.md#mapgatecanarydown)',
  },
  keysLost: {
    cause: 'canary',
    text: 'the service lost many keys that it found before, so its "not found" is not believed; check its data',
    advice: 'see [MapgateDataLost](troubleshooting.md#mapgatedatalost)',
  },
  tooManyLookups: {
    cause: 'overload',
    text: 'upstream …: too many lookups at once; raise maxConcurrent or speed up the service',
    advice: '[tuning.md](tuning.md)',
  },
  noSlot: {
    cause: 'overload',
    text: 'no request could be sent before the deadline; raise maxConcurrent or speed up the service',
    advice: '[tuning.md](tuning.md)',
  },
  gaveWay: {
    cause: 'overload',
    text: 'the request was cancelled for a waiting lookup; raise maxConcurrent',
    advice: '[tuning.md](tuning.md)',
  },
  tooManyPassed: {
    cause: 'overload',
    text: 'too many requests for the tables of another server at once; see if two servers pass on to each other',
    advice: '`pass` of the listener leads in a circle, or the other server hangs with all connections in use',
  },
  overloaded: {
    cause: 'overload',
    text: 'mapgate is overloaded: its event loop does not keep up; see who sends so many lookups',
    advice:
      'Only stored answers are given until it keeps up. Look at `mapgate_lookups_total` and `nodejs_eventloop_lag_seconds`; add a second gateway, or a `cache` where there is none.',
  },
  stopping: {
    cause: STOPPING.cause,
    text: STOPPING.reason,
    advice: 'nothing: Postfix asks again',
  },
  tooLong: {
    cause: 'too-long',
    text: 'reply too long',
    advice:
      'longer than this protocol carries, see Limits on its page: use a protocol that carries more, or an address that stands for a list',
  },
  emptyResult: {
    cause: 'unreadable',
    text: 'the result is empty, which Postfix does not accept',
    advice:
      'a function of the library or an upstream kind found an empty text: it must say "not found" instead',
  },
  defect: {
    cause: DEFECT.cause,
    text: DEFECT.reason,
    advice: 'a bug: please report it with the stack in the log',
  },
  notApproved: {
    cause: NO_TABLE.cause,
    text: 'table … is not one of the "tables" of listener …; add it there, or ask another listener',
    advice:
      'in the log alone: clients are told that there is no such table. The table is configured, and this listener does not serve it',
  },
  noTable: {
    cause: NO_TABLE.cause,
    text: NO_TABLE.reason,
    advice:
      'it is not in the configuration, or not in `tables` of that listener; `mapgate main-cf` prints the right lines',
  },
  needsAttributes: {
    cause: 'bad-request',
    text: 'this table is asked by attributes and not by a key; write name=value words, such as sender=ADDRESS',
    advice:
      'its request has `{attribute.…}`, which a key alone cannot fill in: `mapgate query TABLE sender=… recipient=…` asks it, with `--explain` too',
  },
  noCopy: {
    cause: 'replica',
    text: 'the replica of this table has no copy of the list yet; see mapgate replica status',
    advice:
      '`authoritative: true`, and no list was ever taken over: `mapgate replica status TABLE` says why, [replica.md](replica.md) what to do',
  },
  copyTooOld: {
    cause: 'replica',
    text: "the replica of this table is older than notFoundFor; look at the service's list route",
    advice:
      '`authoritative: true`, and the key is not in a copy that is older than `notFoundFor`: `mapgate replica status TABLE` says why no newer one was taken over',
  },
  badEntry: {
    cause: 'refused',
    text: 'this entry cannot be stored: it needs a key of 1 to 1024 bytes and a text as its value',
    advice: 'a client writes keys or values that are too long, empty, not UTF-8, or hold control bytes',
  },
  readOnly: {
    cause: 'refused',
    text: 'this table is read-only',
    advice:
      'a client tried to change it: only tables of a store take changes, see [store](upstreams/store.md)',
  },
} as const satisfies ReasonCatalogue
