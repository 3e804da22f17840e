/**
 * What the check says about policy listeners and their tables.
 */
import { describe, expect, test } from 'vitest'
import { problemsIn } from '../../config/problems.ts'

const REQUEST = 'request: { method: POST, path: /p, json: "{attributes}" }'

const ACTION = 'response: { action: $.action }'
const OF_ANYBODY =
  'warning: mapgate.yaml:3:11: tables.t: takes the whole body of a 200 for the action, and a page of another server may begin like one: OK lets mail pass, REJECT, HOLD or DISCARD stops or loses it; add response.action, or a response.foundMark'

const CANARY = ', canary: { attributes: { sender: a@b.example } }'

const problems = (table: string) => problemsOf(/canary: /.test(table) ? table : table + CANARY)

const problemsOf = (table: string) =>
  problemsIn(`listeners: [{ protocol: policy, listen: "inet:127.0.0.1:1", table: t }]
upstreams: { d: { endpoints: ["http://127.0.0.1:1"] } }
tables: { t: { upstream: d, ${table} } }`)

describe('a policy listener', () => {
  const cases: [name: string, table: string, expected: string[]][] = [
    [
      'has nothing to say about a table that sends attributes, and names the action',
      `${REQUEST}, ${ACTION}`,
      [],
    ],
    [
      'nor about one whose action has a mark',
      `${REQUEST}, response: { foundMark: { header: x-policy } }`,
      [],
    ],
    ['warns of a body that could be of anybody', REQUEST, [OF_ANYBODY]],
    ['also as JSON', `${REQUEST}, response: { action: $ }`, [OF_ANYBODY]],
    [
      'warns of a check that is missed in an outage',
      `${REQUEST}, ${ACTION}, whenUnknown: DUNNO, canary: { attributes: { sender: a@b.example } }`,
      [
        'warning: mapgate.yaml:3:133: tables.t.whenUnknown: DUNNO lets mail pass unchecked while the service fails; with DEFER_IF_PERMIT it waits',
      ],
    ],
    [
      'warns of a deadline that lets smtpd ask again',
      `${REQUEST}, ${ACTION}, deadline: 9s`,
      [
        'warning: mapgate.yaml:3:130: tables.t.deadline: the deadline, 9s, is above 8s: with the timeout=10s of main-cf, smtpd would ask the same again; lower it',
      ],
    ],
    ['is content with the longest deadline', `${REQUEST}, ${ACTION}, deadline: 8s`, []],
    [
      'refuses a table that is asked by keys',
      'request: { path: "/{key}" }, canary: { key: a }',
      [
        'mapgate.yaml:3:11: tables.t: answers a policy service and asks for no attribute, so every request gets the same answer; send "{attributes}" in "json", or {attribute.NAME}',
      ],
    ],
    [
      'refuses an attribute that smtpd does not send',
      `request: { path: /p, query: { a: "{attribute.sendr}" } }, ${ACTION}, canary: { attributes: { sendr: a } }`,
      [
        'mapgate.yaml:3:62: tables.t.request.query.a: unknown placeholder {attribute.sendr}; did you mean {attribute.sender}',
        'mapgate.yaml:3:150: tables.t.canary.attributes.sendr: there is no attribute "sendr"; did you mean "sender"',
      ],
    ],
  ]
  test('warns of a table without a question whose answer is known', async () => {
    expect(await problemsOf(`${REQUEST}, ${ACTION}`)).toEqual([
      'warning: mapgate.yaml:3:11: tables.t: has no canary, so questions of strangers that fail (5xx, reset) can stop all checks; add canary: { attributes: ... } with a question that always gets an action',
    ])
  })

  const EMPTY_SENDER =
    'warning: mapgate.yaml:3:46: tables.t.request.path: {attribute.sender} may be empty, as the sender of a bounce is, and a path with a part missing is never sent, so nobody knows the answer; send it in "query", "json" or "form"'
  test.each([
    ['/p/{attribute.sender}', [EMPTY_SENDER]],
    ['/p/{attribute.sender}/x', [EMPTY_SENDER]],
    ['/p/from-{attribute.sender}', []],
    ['/p/{attribute.client_address}', []],
  ])('of the path %s it says', async (path, expected) => {
    const canary = CANARY.replace('sender:', 'client_address: 192.0.2.1, sender:')
    expect(await problemsOf(`request: { path: "${path}" }, ${ACTION}${canary}`)).toEqual(expected)
  })

  for (const [name, table, expected] of cases) {
    test(name, async () => expect(await problems(table)).toEqual(expected))
  }
})
