/**
 * What the check says about sasl listeners and their tables.
 */
import { describe, expect, test } from 'vitest'
import { problemsIn } from '../../config/problems.ts'

const REQUEST =
  'request: { method: POST, path: /a, json: { u: "{attribute.user}", p: "{attribute.password}" } }'
const MARK = 'foundMark: { jsonPath: $.user }'
const REFUSAL = 'refused: [401], refusedMark: { jsonPath: $.no }'
const RESPONSE = `response: { user: $.user, ${MARK}, ${REFUSAL} }`
const CANARY =
  'canary: { attributes: { user: a, password: b, token: c, mechanism: PLAIN, secured: "", client_address: "" } }'

/** With a canary where the table has none of its own. */
const problems = async (table: string, listener = '', upstream = '') => {
  const tables = table.split('o: {').map((one) => (/canary: /.test(one) ? one : `${CANARY}, ${one}`))
  return problemsOf(tables.join('o: {'), listener, upstream)
}

const problemsOf = async (table: string, listener = '', upstream = '') => {
  const texts =
    await problemsIn(`listeners: [{ protocol: sasl, listen: "inet:127.0.0.1:1", table: t${listener} }]
upstreams: { d: { endpoints: ["http://127.0.0.1:1"], timeout: 1s${upstream} } }
tables: { t: { upstream: d, ${table} } }`)
  return texts.map((text) => text.replace(/mapgate.yaml:\d+:\d+: /, ''))
}

describe('a sasl listener', () => {
  const cases: [name: string, table: string, listener: string, expected: string[]][] = [
    ['has nothing to say about a table that names the user', `${REQUEST}, ${RESPONSE}`, '', []],
    [
      'warns of a name without a mark',
      `${REQUEST}, response: { user: $.user, ${REFUSAL} }`,
      '',
      [
        'warning: tables.t: lets in whoever a 200 names; if the service names the user of a wrong password too, add response.foundMark',
      ],
    ],
    [
      'refuses a table whose answers name nobody',
      REQUEST,
      '',
      [
        'tables.t: "response.user" is missing: a reply lets somebody in only if it names them; add the JSONPath of the user, such as $.user',
      ],
    ],
    [
      'refuses a table that is asked by keys',
      'request: { path: "/{key}" }, canary: { key: a }',
      '',
      ['tables.t: answers logins and asks for no attribute; send {attribute.user} and {attribute.password}'],
    ],
    [
      'refuses a table without the password',
      `request: { path: /a, query: { u: "{attribute.user}" } }, ${RESPONSE}`,
      '',
      [
        'tables.t: does not send {attribute.password}, which the service needs to know who logs in by PLAIN or LOGIN; send it, or take the mechanism out of the listener',
      ],
    ],
    [
      'refuses a table without the token where one is offered',
      `${REQUEST}, ${RESPONSE}`,
      ', mechanisms: [PLAIN, XOAUTH2]',
      [
        'tables.t: does not send {attribute.token}, which the service needs to know who logs in by XOAUTH2; send it, or take the mechanism out of the listener',
      ],
    ],
    [
      'refuses whenUnknown',
      `${REQUEST}, ${RESPONSE}, whenUnknown: DUNNO, ${CANARY}`,
      '',
      [
        'tables.t.whenUnknown: sasl has no reply DUNNO: in an outage its clients are told to try again later; remove it',
      ],
    ],
    ['is content with the longest deadline', `${REQUEST}, ${RESPONSE}, deadline: 5s`, '', []],
    [
      'refuses a longer one',
      `${REQUEST}, ${RESPONSE}, deadline: 5001ms`,
      '',
      [
        "tables.t.deadline: the deadline, 5001ms, and three times the listener's failDelay come to more than 8s, and smtpd gives up after 10s; lower one of them",
      ],
    ],
    [
      'is content with a longer one and a shorter failDelay',
      `${REQUEST}, ${RESPONSE}, deadline: 8s`,
      ', failDelay: 0ms',
      [],
    ],
    [
      'refuses a stored login that others could use',
      `${REQUEST}, ${RESPONSE}, cacheBy: [user, token], cache: { ttl: 60s }`,
      '',
      ['tables.t.cacheBy: lacks "password", so that one login could let in another; add it'],
    ],
    [
      'is content with one of 60 s',
      `${REQUEST}, ${RESPONSE}, cacheBy: [user, password, token], cache: { ttl: 60s }`,
      '',
      [],
    ],
    [
      'refuses a longer one',
      `${REQUEST}, ${RESPONSE}, cacheBy: [user, password, token], cache: { ttl: 61s }`,
      '',
      [
        'tables.t.cacheBy: keeps logins for more than 60s, and a changed password works as long; lower cache.ttl, and cache.maxTtl where honorCacheControl is on',
      ],
    ],
    [
      'refuses a secret in the URL',
      `request: { path: /a, query: { u: "{attribute.user}", p: "{attribute.password}" } }, ${RESPONSE}`,
      '',
      [
        'tables.t.request.query: {attribute.password} is secret, and URLs are logged; send it in "json", "form" or "headers"',
      ],
    ],
  ]
  for (const [name, table, listener, expected] of cases) {
    test(name, async () => expect(await problems(table, listener)).toEqual(expected))
  }
})

const NEVER_REFUSES =
  'warning: tables.t: a wrong password is answered "try again later", neither delayed nor counted; add response.refused and refusedMark, such as refused: [401], refusedMark: { jsonPath: $.error }'

describe('a table that lacks a part', () => {
  test('of its replies: none refuses anybody', async () => {
    expect(await problems(`${REQUEST}, response: { user: $.user, ${MARK} }`)).toEqual([NEVER_REFUSES])
  })

  test('by which an outage is told from logins that fail', async () => {
    expect(await problemsOf(`${REQUEST}, ${RESPONSE}`)).toEqual([
      'warning: tables.t: has no canary, so made-up names whose logins fail (5xx, reset) can stop all logins; add canary: { attributes: { user: ..., password: ... } } with a mailbox for this',
    ])
  })
})

describe('two tables of a listener', () => {
  const TWO = `${REQUEST}, ${RESPONSE} }, o: { upstream: d, request: { method: POST, path: /o, form: { token: "{attribute.token}" } }, ${RESPONSE}`

  test('have what each needs', async () => {
    expect(await problems(TWO, ', tokenTable: o, mechanisms: [PLAIN, OAUTHBEARER]')).toEqual([])
  })

  test('are there, and asked at all', async () => {
    expect(await problems(TWO, ', tokenTable: p, mechanisms: [PLAIN, OAUTHBEARER]')).toEqual([
      'listeners[0].tokenTable: there is no table "p"; did you mean "t"',
    ])
    expect(await problems(TWO, ', tokenTable: o')).toEqual([
      'warning: listeners[0].tokenTable: has no effect: "mechanisms" has none by token; add XOAUTH2 and OAUTHBEARER',
    ])
  })
})

describe('a table that introspects tokens', () => {
  const OF_ANY_PROGRAM =
    "warning: tables.t.response.foundMark.jsonPath: lets in with a token for any other program; ask for its audience, too: $.active==true && $.aud=='mail'"
  const cases: [path: string, expected: string[]][] = [
    ['$[?$.active==true]', [OF_ANY_PROGRAM]],
    ["$[?$.active==true && $.username=='bob']", [OF_ANY_PROGRAM]],
    ["$[?$.active==true && ($.aud=='mail' || $.aud[?@=='mail'])]", []],
    ["$[?$.active==true && $.client_id=='mail']", []],
    ["$[?$.active==true && search($.scope, 'mail')]", []],
    ["$[?$.result=='ok']", []],
  ]
  for (const [path, expected] of cases) {
    test(`by ${path}`, async () =>
      expect(
        await problems(
          `request: { method: POST, path: /i, form: { token: "{attribute.token}" } }, response: { user: $.username, foundMark: { jsonPath: "${path}" }, refused: [401], refusedMark: { jsonPath: $.no } }`,
          ', mechanisms: [OAUTHBEARER]',
        ),
      ).toEqual(expected))
  }
})

describe('a table that asks as nginx does', () => {
  const AUTH_HTTP = 'request: { path: /auth, form: auth_http }'
  const cases: [table: string, expected: string[]][] = [
    [AUTH_HTTP, []],
    [
      'request: { path: /auth, form: auth_http, method: POST }',
      ['tables.t.request.method: auth_http is a GET without a body; remove "method"'],
    ],
    [
      `${AUTH_HTTP}, response: { user: $.user, refused: [401] }`,
      [
        'tables.t.response.user: cannot be used with auth_http, whose reply is its Auth-Status; remove it',
        'tables.t.response.refused: cannot be used with auth_http, whose reply is its Auth-Status; remove it',
      ],
    ],
    [
      'request: { path: /auth, form: auth_htp }',
      [
        'tables.t.request.form: "auth_htp" is not known, must be a map of fields, "{attributes}" or auth_http; did you mean "auth_http"',
      ],
    ],
  ]
  for (const [table, expected] of cases) {
    test(table, async () => expect(await problems(table, ', mechanisms: [PLAIN, XOAUTH2]')).toEqual(expected))
  }
})

describe('a table that names who logs in', () => {
  /** Those that have no "refused". */
  const isWithout = (response: string) => !response.includes('refused: ')
  const cases: [response: string, expected: string[]][] = [
    [`user: $.user, ${MARK}, refused: [200], refusedMark: { jsonPath: $.no }`, []],
    [
      `user: $.user, ${MARK}, refused: [200]`,
      ['tables.t.response.refused[0]: 200 is in "found" too, so "refusedMark" must tell them apart; add it'],
    ],
    [
      `user: $.user, ${MARK}, refused: [401]`,
      [
        'warning: tables.t.response.refused[0]: 401 may also say that the credentials of mapgate are wrong, and each user would be told so of theirs; add refusedMark',
      ],
    ],
    [
      `user: $.user, ${MARK}, refused: [404, 410]`,
      [
        'warning: tables.t.response.refused[0]: 404 is also the answer to a wrong path, and each user would be told that the password is wrong; add refusedMark',
        'warning: tables.t.response.refused[1]: 410 is also the answer to a wrong path, and each user would be told that the password is wrong; add refusedMark',
      ],
    ],
    [`user: $.user, ${MARK}, refused: [404], refusedMark: { jsonPath: $.no }`, []],
    [`user: $.user, ${MARK}, refused: [409]`, []],
    [
      `user: $.user, ${MARK}, notFound: [404]`,
      [
        'tables.t.response.notFound: cannot be used with "user": who logs in is let in or refused; use "refused"',
      ],
    ],
    [
      `user: $.user, ${MARK}, refusedMark: { jsonPath: $.no }`,
      ['tables.t.response.refusedMark: needs "refused", the statuses of a refusal; add it'],
    ],
    [
      `user: $.user, ${MARK}, value: $.x`,
      ['tables.t.response.value: cannot be used with "user"; remove one'],
    ],
    [
      `user: $.user, foundMark: {}`,
      ['tables.t.response.foundMark: demands nothing; name a contentType, a header or a jsonPath'],
    ],
  ]
  for (const [response, expected] of cases) {
    test(response, async () =>
      expect(await problems(`${REQUEST}, response: { ${response} }`)).toEqual(
        isWithout(response) ? [...expected, NEVER_REFUSES] : expected,
      ),
    )
  }

  test('is one that is asked by attributes, and "refused" belongs to it', async () => {
    expect(
      await problemsIn(`listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:1" }]
upstreams: { d: { endpoints: ["http://127.0.0.1:1"], timeout: 1s } }
tables: { t: { upstream: d, request: { path: "/{key}" }, canary: { key: a }, response: { user: $.u, refused: [403] } } }`),
    ).toEqual([
      'mapgate.yaml:3:96: tables.t.response.user: is only for tables whose request has {attribute...}; use "value"',
      'mapgate.yaml:3:101: tables.t.response.refused: is only for tables whose request has {attribute...}; use "notFound"',
    ])
  })
})

describe('a table that names who logs in, and a service that is asked with access tokens', () => {
  const OAUTH =
    ', oauth: { tokenUrl: "https://id.example/token", clientId: c, clientSecret: "0123456789abcdef" }'
  const error = (index: number, status: number) =>
    `tables.t.response.refused[${index}]: ${status} is also the answer to an access token of mapgate that is no longer valid ("oauth" of upstream "d"), and each user would be told that the password is wrong; add what the service says of a wrong password only, such as refusedMark: { jsonPath: "$[?$.result=='wrong_password']" }`
  const cases: [refused: string, expected: string[]][] = [
    ['refused: [401]', [error(0, 401)]],
    ['refused: [409, 403]', [error(1, 403)]],
    ['refused: [409]', []],
    ['refused: [401, 403], refusedMark: { jsonPath: $.no }', []],
    [
      'refused: [407]',
      [
        'warning: tables.t.response.refused[0]: 407 may also say that the credentials of mapgate are wrong, and each user would be told so of theirs; add refusedMark',
      ],
    ],
  ]
  for (const [refused, expected] of cases)
    test(refused, async () =>
      expect(
        await problems(`${REQUEST}, response: { user: $.user, ${MARK}, ${refused} }`, '', OAUTH),
      ).toEqual(expected),
    )
})
