/**
 * The reasons of replies of HTTP services that cannot be read.
 */
import type { ReasonCatalogue } from '../../../core/reason.ts'
import { VALUE_FAULTS } from '../../../core/value/value-text.ts'

export const BODY_REASONS = {
  selectsNothing: {
    cause: 'unreadable',
    text: "response.value selects nothing in the service's reply",
    advice: 'the service changed its format, or answers `{}` for "no": then `missing: notFound`',
  },
  leftOut: {
    cause: 'unreadable',
    text: "the service's batch reply has no result for this key; see response.missing",
    advice: 'the service left the key out of its results: `null` says "not found"; or `missing: notFound`',
  },
  notOneAnswer: {
    cause: 'unreadable',
    text: "the service's reply must be exactly one answer",
    advice:
      'of a table that is asked by attributes: a 200 must carry one answer, and "no answer" is a 204; an empty body, `null` or a list says neither',
  },
  pageLikeAction: {
    cause: 'unreadable',
    text: 'the service answered with a sentence that another server may have written, and not with an action; see response.action',
    advice:
      'of a policy whose whole body is the action: `502 Bad Gateway` or `Hold on, maintenance` of a proxy; else write the action in capital letters, a code of HTTP with an enhanced code (`503 5.3.0 …`), nothing behind `OK` and `DUNNO`; or name `response.action`',
  },
  notFoundWebPage: {
    cause: 'unreadable',
    text: 'the service answered … with a web page; see response.notFoundBody',
    advice:
      "a proxy or web server answers instead of the service: path, host, deployment. If such pages are the service's own, `notFoundBody: any`",
  },
  notFoundCompressed: {
    cause: 'unreadable',
    text: 'the service answered … with a compressed body; see response.notFoundBody',
    advice: 'something between compresses without being asked',
  },
  notFoundUnmarked: {
    cause: 'unreadable',
    text: 'the service answered … without the mark of a "not found"; see response.notFoundMark',
    advice: 'something else answered, or the mark is not what the service sends: ask with curl',
  },
  noAuthStatus: {
    cause: 'unreadable',
    text: "the service's reply has not exactly one Auth-Status, which request.form: auth_http needs",
    advice: 'something else answered, or the service does not speak the protocol of nginx: ask with curl',
  },
  authErrorCode: {
    cause: 'service',
    text: 'the service says by its Auth-Error-Code: try again later',
    advice: 'its log says why',
  },
  foundUnmarked: {
    cause: 'unreadable',
    text: "the service's answer lacks the mark of one that lets somebody in; see response.foundMark",
    advice: 'something else answered, or the mark is not what the service sends: ask with curl',
  },
  refusalUnmarked: {
    cause: 'unreadable',
    text: 'the service answered … without the mark of a refusal; see response.refusedMark',
    advice:
      'it refuses the credentials of mapgate, something else answered, or the mark is not what the service sends: ask with curl',
  },
  notFoundOfOthers: {
    cause: 'unreadable',
    text: 'the service answered … with the reply of a proxy or of a router without such a route; see response.notFoundBody',
    advice:
      'not the service\'s own "not found", but what a known proxy or framework says where it has no such route: path, host, deployment. If the service itself says this about a key, `notFoundBody: any`, best with a `canary` or `notFoundMark`',
  },
  notFoundOfPlace: {
    cause: 'unreadable',
    text: 'the service answered … about a route, an API, a tenant or the like, not about a key; see response.notFoundMark',
    advice:
      'a proxy, a gateway or a storage service answers, or the path is wrong. If it is the service\'s "not found", let it answer 204, or 404 with nothing or with words about the key (`no such address`); or write `notFoundBody: any`, best with a `canary` or `notFoundMark`',
  },
  webPage: {
    cause: 'unreadable',
    text: "the service's reply is a web page",
    advice: 'as above, with a 200',
  },
  twoTypes: {
    cause: 'unreadable',
    text: "the service's reply has two content types",
    advice: 'two parts of the service, or a proxy, set it: remove one',
  },
  problemDocument: {
    cause: 'unreadable',
    text: 'the service answered with a problem (application/problem+json) and a status that means an answer',
    advice: 'something failed in the service, or before it, and was sent with a 200: look at its log',
  },
  noTextType: {
    cause: 'unreadable',
    text: "the service's reply is not text, by its content type",
    advice:
      'a picture, a script, a form or a download: without `response.value` a value comes as `text/plain`, as JSON, or without a type',
  },
  otherAnswerer: {
    cause: 'unreadable',
    text: "the service's reply is that of a proxy or a router, not of the service",
    advice: 'as above, with a 200',
  },
  notJson: {
    cause: 'unreadable',
    text: "the service's reply is not JSON",
    advice:
      '`response.value` and `response.error` need JSON: ask the URL with curl and look at the body. A service that answers plain text needs neither',
  },
  emptyJson: {
    cause: 'unreadable',
    text: "the service's reply is an empty value in JSON, and not sent as JSON",
    advice: 'send `content-type: application/json` with `null`, `""` and `[]`; then they are "not found"',
  },
  brokenJson: {
    cause: 'unreadable',
    text: "the service's reply begins like JSON and is not JSON",
    advice: 'it was cut off; or give it a content type of text and no brace at its start',
  },
  markup: {
    cause: 'unreadable',
    text: "the service's reply is markup, such as HTML or XML",
    advice: 'a page, or an error message of the web server',
  },
  programWord: {
    cause: 'unreadable',
    text: "the service's reply is a word that programs write, not a value",
    advice: '`null`, `true`, `undefined` … sent as a text: answer 404 for "no", and a value for "yes"',
  },
  failureText: {
    cause: 'unreadable',
    text: "the service's reply is an error message, not a value",
    advice:
      '`Internal Server Error`, a stack trace and the like with a 200: look at the service, which should answer 5xx',
  },
  dataDump: {
    cause: 'unreadable',
    text: "the service's reply is a program's dump of its data, not a value",
    advice:
      'a list or an object as Python, PHP, Ruby, Java or Go prints it, JSONP, YAML, a form, a template not filled in: send JSON or the value alone',
  },
  notMeant: {
    cause: 'unreadable',
    text: "the service's value makes no sense to Postfix where this table is used; see usedBy",
    advice:
      'such as `OK` for an alias, or a sentence for a transport: ask with `mapgate check --ask`. A bare `404`, `0`, `unknown` or `goto=…` is believed only where `response.value` selects it. Or `usedBy` is wrong, or is missing and the value is a sentence such as those of relocated_maps',
  },
  tooDeepForValue: {
    cause: 'unreadable',
    text: "the service's reply is nested too deep, or has too many parts, for response.value",
    advice: 'fix the service, or select a part that is not so deep',
  },
  tooDeepForError: {
    cause: 'unreadable',
    text: "the service's reply is nested too deep, or has too many parts, for response.error",
    advice: 'as above',
  },
  contentEncoding: {
    cause: 'unreadable',
    text: "the service's reply has a content-encoding or transfer-encoding that was not asked for",
    advice: 'mapgate asks for `identity`: the service or a proxy compresses all the same',
  },
  notUtf8: {
    cause: 'unreadable',
    text: "the service's reply is not UTF-8",
    advice: 'fix the service',
  },
  emptyAndUnframed: {
    cause: 'unreadable',
    text: "the service's reply is empty, and ends only with its connection",
    advice: 'it may be cut off: send `content-length`',
  },
  controlCharacters: {
    cause: 'unreadable',
    text: `the service's reply ${VALUE_FAULTS.controlCharacters}`,
    advice: 'a value is one line of text',
  },
  invisibleCharacter: {
    cause: 'unreadable',
    text: `the service's reply ${VALUE_FAULTS.invisibleCharacter}`,
    advice:
      "a no-break space, a zero-width character or a direction mark (`U+00A0`, `U+200B`, `U+202E` and the like), mostly pasted from a web page or a word processor: find it in the service's data and remove it",
  },
  noCharacter: {
    cause: 'unreadable',
    text: `the service's reply ${VALUE_FAULTS.noCharacter}`,
    advice:
      "`U+FFFD` stands for bytes that are no UTF-8, mostly Latin-1 in the service's database: find the value there; others are of private use or not assigned",
  },
  onlySpaces: {
    cause: 'unreadable',
    text: `the service's reply ${VALUE_FAULTS.onlySpaces}`,
    advice: 'send an empty one for "not found"',
  },
  notText: {
    cause: 'unreadable',
    text: "the service's reply has a value that is neither text nor a plain number",
    advice: 'let `response.value` select the text inside',
  },
  encodedTwice: {
    cause: 'unreadable',
    text: "the service's reply has a value that is itself JSON or markup",
    advice: 'it was encoded twice: send the list itself, not its text',
  },
  notOnePerKey: {
    cause: 'unreadable',
    text: "the service's reply does not have one result per key",
    advice: 'a list of results has as many entries as the batch has keys, in their order',
  },
  noResults: {
    cause: 'unreadable',
    text: "the service's reply has no object or array where batch.results points",
    advice: 'look at `batch.results`, or at what the service sends for several keys',
  },
  noKey: {
    cause: 'unreadable',
    text: 'no key was asked',
    advice: 'only inside of mapgate: a batch without keys',
  },
  objectWithoutValue: {
    cause: 'unreadable',
    text: "the service's reply has an object as a result, and there is no response.value",
    advice: 'say by `response.value` which part of the object is the value',
  },
  tooLarge: {
    cause: 'unreadable',
    text: "the service's reply is larger than … bytes; see maxBodyBytes",
    advice: '`maxBodyBytes` of the upstream, or `response.value` on a smaller route',
  },
  headerTooLarge: {
    cause: 'unreadable',
    text: "the service's reply has more header bytes than are read",
    advice: 'over 16 KiB or 256 fields: cookies? A proxy?',
  },
  speaksTls: {
    cause: 'unreadable',
    text: 'the service speaks TLS; write https:// in the endpoint, or the port for http',
    advice: 'the endpoint begins with http:// and the port is one for https',
  },
  notHttp: {
    cause: 'unreadable',
    text: 'the service does not speak valid HTTP',
    advice:
      'the port of another protocol, `http` for `https`, or a reply that HTTP forbids: 101 without being asked, two lengths, a 204 with a body',
  },
  unconditional304: {
    cause: 'unreadable',
    text: 'the service answered 304 to a request without a condition',
    advice: 'a cache between the service and mapgate answers for it, and wrongly: turn it off for this route',
  },
} as const satisfies ReasonCatalogue
