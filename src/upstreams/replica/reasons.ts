/**
 * Why a list was not taken over: the copy in use stays.
 */
import type { ReasonCatalogue } from '../../core/reason.ts'

export const REPLICA_REASONS = {
  unexpectedStatus: {
    cause: 'status',
    text: 'the list route answered …; it must answer 200, or 304 to a conditional request',
    advice: '`replica.path`, or the service; redirects are not followed',
  },
  credentials: {
    cause: 'refused',
    text: 'the list route answered …; look at the credentials for it',
    advice: '401 or 403: the service may demand other rights for its list than for single keys',
  },
  webPage: {
    cause: 'unreadable',
    text: 'the list route answered with a web page',
    advice: 'an error page with status 200, or a wrong `replica.path`',
  },
  noFormat: {
    cause: 'unreadable',
    text: 'the content type of the list says nothing about its format; write replica.format',
    advice: '`application/json`, `application/x-ndjson`, `text/csv` and `text/plain` are known',
  },
  unframed: {
    cause: 'unreadable',
    text: 'the list has no content-length and is not chunked, so it may be incomplete',
    advice: 'the service or a proxy must send `content-length`, or `transfer-encoding: chunked`',
  },
  listEncoding: {
    cause: 'unreadable',
    text: 'the list is compressed in a way that was not asked for',
    advice: '`gzip` and `br` are read, one of them at a time',
  },
  notUnpacked: {
    cause: 'unreadable',
    text: 'the compressed list is broken or cut',
    advice: 'the service or a proxy between: ask it with `curl --compressed`',
  },
  listCut: {
    cause: 'unreadable',
    text: 'the list ends in the middle of an entry',
    advice: 'it is cut; a list of lines must end with a line break',
  },
  badList: {
    cause: 'unreadable',
    text: 'the list cannot be read as …, at or before entry …',
    advice: '`replica.format`, or the service: look at that entry',
  },
  doubledColumn: {
    cause: 'unreadable',
    text: 'the list has two columns of the name …',
    advice: 'the names in the first line of a CSV list must differ, or nobody knows which column is meant',
  },
  listSaysError: {
    cause: 'service',
    text: 'the list says that something went wrong: … is set',
    advice:
      '`response.error`, which is looked at beside the entries of each page, too; the log of the service',
  },
  noEntries: {
    cause: 'unreadable',
    text: 'the list has no entries where replica.items points: … is …',
    advice:
      'an error message with status 200, or a wrong `replica.items`; a list without entries is an empty array',
  },
  errorDocument: {
    cause: 'unreadable',
    text: 'the list route answered 200 with an error message, …',
    advice: 'the content type says so (RFC 9457): the service must answer with the status of the error',
  },
  listNotUtf8: {
    cause: 'unreadable',
    text: 'the list is not UTF-8',
    advice: 'the service must send it as UTF-8',
  },
  noKey: {
    cause: 'unreadable',
    text: 'entry … of the list has no text where replica.key points',
    advice: 'look at `replica.key`, and at that entry',
  },
  impossibleKey: {
    cause: 'unreadable',
    text: 'entry … of the list has a key that cannot be asked for: …',
    advice:
      'remove it from the list: it is empty or too long, has control characters or half a character (a lone surrogate), or begins or ends with a blank',
  },
  badEntry: {
    cause: 'unreadable',
    text: 'entry … of the list: …',
    advice: 'a single reply could not contain this entry: the reason is the one that its lookup would get',
  },
  duplicateKey: {
    cause: 'unreadable',
    text: 'entry … of the list has the key of another entry',
    advice:
      'each key is there once, several values as a list; keys that differ in case are the same with `foldCase`. Pages that shift while they are read have this effect, too',
  },
  entryTooLarge: {
    cause: 'unreadable',
    text: 'the list has an entry larger than 1 MiB, at or after entry …',
    advice: 'look at `replica.items`: it may point at something that is no entry',
  },
  tooManyEntries: {
    cause: 'unreadable',
    text: 'the list has more than … entries; see replica.maxEntries',
    advice: 'raise it, or look at what the service lists',
  },
  listTooLarge: {
    cause: 'unreadable',
    text: 'the list is larger than … bytes; see replica.maxBytes',
    advice: 'raise it, or look at what the service lists',
  },
  listTooSlow: {
    cause: 'timeout',
    text: 'the list was not complete within … s; see replica.timeout',
    advice: 'raise it, or speed up the list route',
  },
  foreignPage: {
    cause: 'unreadable',
    text: 'the next page of the list is at another origin, or is not a URL',
    advice: 'only pages of the same scheme, host and port are read: credentials go with the request',
  },
  badLink: {
    cause: 'unreadable',
    text: 'the header field Link of the list cannot be read: …',
    advice:
      'it must be as in RFC 8288, `</users?page=2>; rel="next"`; else the last page and one in the middle look the same',
  },
  pageCircle: {
    cause: 'unreadable',
    text: 'the pages of the list lead back to an earlier one',
    advice: 'the address of the next page was read before: look at the service',
  },
  tooManyPages: {
    cause: 'unreadable',
    text: 'the list has more than 100000 pages',
    advice: 'let the service send more entries in a page',
  },
  noCanary: {
    cause: 'canary',
    text: "the list lacks the canary's key",
    advice: 'a service that has lost its data, or a list of something else; the canary must be in it',
  },
  diskFailed: {
    cause: 'replica',
    text: 'the copy cannot be written: …; is the disk full?',
    advice:
      'the disk is full, or the folder is not writable (LMDB says "Input/output error" for both); the copy in use stays',
  },
  fileLost: {
    cause: 'replica',
    text: 'the copy cannot be kept: its file … was …; restart mapgate while the service answers, and the list is read again',
    advice:
      'somebody cleaned up, restored a backup or mounted something over `replica.directory` while mapgate ran; until the restart, lookups are answered from the copy that is still open, no list is taken over, and pushes are refused',
  },
  changedMeanwhile: {
    cause: 'replica',
    text: 'too much was pushed, or another process wrote, while the list was read',
    advice: 'the list is read again; two gateways must not share one `replica.directory`',
  },
  copyStopped: {
    cause: 'stopping',
    text: 'copying was stopped',
    advice: 'nothing: mapgate stops, or its configuration was changed',
  },
  cursorUnknown: {
    cause: 'unreadable',
    text: 'the service does not know the cursor any more (410); the whole list is read',
    advice: 'nothing, if it is seldom: the service keeps its changes for some time only',
  },
  changesStatus: {
    cause: 'unreadable',
    text: 'the changes route answered …; it must answer 200, or 410 for a cursor that it does not know',
    advice: '`replica.changes`, or the service; the whole list is read instead',
  },
  changesAway: {
    cause: 'status',
    text: 'the changes route answered …',
    advice: 'the service is down or overloaded; it is asked again soon, and the copy in use stays',
  },
  changesCredentials: {
    cause: 'refused',
    text: 'the changes route answered …; look at the credentials for it',
    advice: '401 or 403: the service may demand other rights for its changes than for single keys',
  },
  listWithoutCursor: {
    cause: 'unreadable',
    text: 'the list has no cursor where replica.cursor points',
    advice:
      'a text or a whole number, in a header field or beside the entries; without it nobody can ask for changes, and the whole list is read each time',
  },
  changesWithoutCursor: {
    cause: 'unreadable',
    text: 'the changes have no cursor where replica.cursor points',
    advice: 'they must have one, as the list has it; the whole list is read instead',
  },
  tooManyChanges: {
    cause: 'unreadable',
    text: 'there are more than 100000 changes, or more than 64 MiB of them; the whole list is read',
    advice: 'nothing, if it is seldom; else a smaller `replica.every`',
  },
  unclearDeletion: {
    cause: 'unreadable',
    text: 'entry … of the changes does not say whether its key was deleted',
    advice:
      '`replica.deleted` points at something other than true, false, 0, 1, null or the time of the deletion',
  },
  shrunkByChanges: {
    cause: 'unreadable',
    text: 'the changes since the last whole list delete … keys, more than replica.maxShrink; the whole list is read',
    advice: 'the whole list decides: it is taken over, or kept aside if it lacks as many keys',
  },
  shrunkAndHeld: {
    cause: 'replica',
    text: 'the changes since the last whole list delete … keys, more than replica.maxShrink; a list is kept aside, accept or reject it',
    advice:
      '`mapgate replica accept TABLE` or `reject`; the whole list was read for these changes and lacks as many keys. It is read again after `replica.wholeEvery`',
  },
  canaryDeleted: {
    cause: 'unreadable',
    text: "the changes delete the canary's key; the whole list is read",
    advice: 'a service that has lost its data; the canary must be in it',
  },
  drillRuns: {
    cause: 'connect',
    text: 'a drill treats the service as dead',
    advice: 'nothing: the list is read again when the drill is over',
  },
} as const satisfies ReasonCatalogue
