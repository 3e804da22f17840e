/**
 * The configuration knows no protocol and no kind of upstream: it takes those that it is given.
 */
import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/issue.ts'
import { parseConfig } from '../../../src/config/load.ts'
import { SETTINGS_KINDS } from '../../../src/gateway/load-config.ts'
import { Type } from '../../../src/schema/schema.ts'
import type { SettingsKinds, UpstreamSettingsKind } from '../../../src/schema/settings-kind.ts'
import { duration } from '../../../src/schema/values.ts'
import { toy } from '../../support/toy/protocol.ts'

const Echo = Type.Object({
  echo: Type.String({ description: 'What is answered to every key.' }),
  after: duration({ min: '0ms', max: '1m' }, '0ms', 'How long that takes.'),
})

const echo: UpstreamSettingsKind<typeof Echo> = {
  name: 'echo',
  summary: 'an echo',
  word: 'echo',
  wordMeans: 'the answer',
  settings: Echo,
  isRemote: false,
  check({ echo: answer }, scope) {
    if (answer === 'nothing') scope.error(['echo'], { code: 'no-answer', message: 'is no answer' })
  },
  decisive: ({ echo: answer }) => answer,
}

const kinds: SettingsKinds = {
  protocols: [...SETTINGS_KINDS.protocols, toy],
  upstreams: [...SETTINGS_KINDS.upstreams, echo],
}

const load = (listener: string, upstream: string) =>
  parseConfig(
    `listeners: [${listener}]\nupstreams: { e: ${upstream} }\ntables: { t: { upstream: e } }`,
    'm.yaml',
    { env: {}, kinds },
  )

const problems = (listener: string, upstream: string) =>
  load(listener, upstream).then(
    () => [],
    (error: unknown) => (error instanceof ConfigError ? error.message.split('\n') : [String(error)]),
  )

const LISTENER = '{ protocol: toy, listen: "inet:127.0.0.1:1", table: t }'

test('a protocol and a kind that no product has are loaded, with their defaults', async () => {
  const config = await load(LISTENER, '{ echo: hello, after: 2s }')
  expect(config.listeners[0]).toMatchObject({ protocol: 'toy', own: { table: 't', wish: 'later' } })
  expect(config.upstreams.get('e')).toStrictEqual({ kind: 'echo', name: 'e', echo: 'hello', afterMs: 2000 })
})

test('what decides an answer of such a kind is in the fingerprint, and the rest is not', async () => {
  const print = async (upstream: string) => (await load(LISTENER, upstream)).tables.get('t')?.fingerprint
  expect(await print('{ echo: a, after: 1s }')).toBe(await print('{ echo: a, after: 2s }'))
  expect(await print('{ echo: a }')).not.toBe(await print('{ echo: b }'))
})

const cases: [name: string, listener: string, upstream: string, expected: string[]][] = [
  [
    'a table that is not there',
    '{ protocol: toy, listen: "inet:127.0.0.1:1", table: u }',
    '{ echo: a }',
    ['m.yaml:1:65: listeners[0].table: there is no table "u"; did you mean "t"'],
  ],
  [
    'a key of another protocol',
    '{ protocol: toy, listen: "inet:127.0.0.1:1", table: t, tables: [t] }',
    '{ echo: a }',
    [
      'm.yaml:1:68: listeners[0]: "tables" belongs to socketmap, memcache or proxymap; a toy listener has "table" and "wish"',
    ],
  ],
  [
    'a word that is near',
    '{ protocol: tox, listen: "inet:127.0.0.1:1" }',
    '{ echo: a }',
    [
      'm.yaml:1:25: listeners[0].protocol: "tox" is not known, must be socketmap, tcp_table, memcache, proxymap, policy, sasl or toy; did you mean "toy"',
    ],
  ],
  [
    'an upstream of no kind',
    LISTENER,
    '{ timeout: 1s }',
    [
      'm.yaml:2:14: upstreams.e: has none of "endpoints", "entries", "store", "jwks" or "echo"; add the URLs of the service as "endpoints"',
    ],
  ],
  [
    'what the kind itself finds wrong, and a key of another kind',
    LISTENER,
    '{ echo: nothing, timeout: 1s }',
    [
      'm.yaml:2:25: upstreams.e.echo: is no answer',
      'm.yaml:2:34: upstreams.e: "timeout" does not belong to an upstream of kind echo, which has "echo" and "after"; remove it',
    ],
  ],
]
for (const [name, listener, upstream, expected] of cases) {
  test(`tells ${name}`, async () => expect(await problems(listener, upstream)).toEqual(expected))
}
