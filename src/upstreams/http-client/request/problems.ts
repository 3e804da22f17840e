/**
 * What is wrong with the request and the response of a table.
 */
import type { ProblemCatalogue } from '../../../schema/problem.ts'

export const REQUEST_PROBLEMS = {
  'response-not-a-path': 'is not a JSONPath (RFC 9535): …',
  'response-without-action': 'needs "action", which it is put behind; add it',
  'response-without-attributes': 'is only for tables whose request has {attribute...}; …',
  'response-about-keys': 'is about keys, and this table is asked by attributes; remove it',
  'response-beside-action': 'cannot be used with "action"; remove one',
  'response-missing-with-attributes': 'a reply without an answer is no answer here; use 204 for "no answer"',
  'response-without-use': 'has no effect: a table that is asked by attributes has one answer, as it is',
  'response-of-auth-http': 'cannot be used with …, whose reply is its Auth-Status; remove it',
  'response-without-user': 'needs "user", the name of who logs in; add it, or use "notFound"',
  'response-beside-user': 'cannot be used with "user"; remove one',
  'response-not-found-beside-user':
    'cannot be used with "user": who logs in is let in or refused; use "refused"',
  'response-without-refused': 'needs "refused", the statuses of a refusal; add it',
  'response-refused-and-found': '… is in "found" too, so "refusedMark" must tell them apart; add it',
  'response-refused-token': `… is also the answer to an access token of mapgate that is no longer valid ("oauth" of upstream "…"), and each user would be told that the password is wrong; add what the service says of a wrong password only, such as refusedMark: { jsonPath: "$[?$.result=='wrong_password']" }`,
  'response-refused-credentials':
    '… may also say that the credentials of mapgate are wrong, and each user would be told so of theirs; add refusedMark',
  'response-refused-path':
    '… is also the answer to a wrong path, and each user would be told that the password is wrong; add refusedMark',
  'response-audience':
    "lets in with a token for any other program; ask for its audience, too: $.active==true && $.aud=='mail'",
  'request-shows-secret': '{…} is secret, and URLs are logged; send it in "json", "form" or "headers"',
  'request-empty-segment':
    '{…} may be empty, as the sender of a bounce is, and a path with a part missing is never sent, so nobody knows the answer; send it in "query", "json" or "form"',
  'request-mixes-key-and-attributes':
    'has {…} and attributes, and clients that send attributes send no key; use attributes only',
  'request-without-key':
    'uses no part of the key, so every key gets the same answer; write {key} where it belongs',
  'batch-without-keys': 'sends no keys; write "{keys}" as a value of "json", "query" or "form"',
  'placeholder-unknown': 'unknown placeholder {…}; did you mean {…}',
  'request-two-bodies': '"json" and "form" are both given, and a request has one body; remove one',
  'request-auth-http-method': '… is a GET without a body; remove "method"',
  'request-body-of-get': '"…" needs method: POST; a GET has no body',
  'request-not-a-line': '…; write one line of plain text',
  'request-without-use': 'has no effect: every lookup of this table goes through its batch route',
  'status-says-nothing': '… is …: it says nothing about a key; remove it',
  'status-twice': '… is in "found" too; a status can mean one thing only',
  'mark-demands-nothing': 'demands nothing; name a contentType, a header or a jsonPath',
} as const satisfies ProblemCatalogue
