/**
 * What `check` warns of that `main-cf` says in comments, in the same words.
 */
import { expect, test } from 'vitest'
import { KINDS } from '../../../src/gateway/load-config.ts'
import { mainCfAdvice } from '../../../src/gateway/main-cf/advice.ts'
import { problemsIn } from '../config/problems.ts'

const QUEUE = '/var/spool/postfix'
const PASS = `pass: "unix:${QUEUE}/private/proxymap"`

function problems(listeners: readonly string[], tables: readonly string[]): Promise<string[]> {
  const text = `listeners: [${listeners.map((listener) => `{ ${listener} }`).join(', ')}]
upstreams: { s: { entries: { a: b } }, learned: { store: { directory: /s1 } } }
tables: { ${tables.join(', ')} }
`
  return problemsIn(text, {
    lookAtPath: async () => 'folder',
    advise: (config) => mainCfAdvice(config, KINDS),
  })
}

const proxymap = (name: string, tables: string) =>
  `protocol: proxymap, listen: "unix:${QUEUE}/mapgate/${name}", tables: [${tables}], ${PASS}`

test('a table that no listener serves, and nothing of one that lists domains for others', async () => {
  const listener = 'protocol: socketmap, listen: "inet:127.0.0.1:8464", tables: [a]'
  expect(
    await problems(
      [listener],
      ['a: { upstream: s, domains: { table: d } }', 'd: { upstream: s }', 'b: { upstream: s }'],
    ),
  ).toEqual([
    expect.stringMatching(
      /^warning: mapgate\.yaml:3:\d+: tables\.b: no listener serves it; name it in the "tables" of one$/,
    ),
  ])
})

test('a table of a store that no listener lets Postfix write', async () => {
  expect(await problems([proxymap('one', 'a')], ['a: { upstream: s }', 'v: { upstream: learned }'])).toEqual([
    expect.stringMatching(
      /^warning: .* tables\.v: no listener lets Postfix write it; name it in "write" of a proxymap listener, or let a memcache listener serve it$/,
    ),
  ])
})

test('listeners that need two values of one parameter, and nothing where one of them has all tables', async () => {
  const tables = ['a: { upstream: s }', 'b: { upstream: s }']
  expect(await problems([proxymap('one', 'a'), proxymap('two', 'b')], tables)).toEqual([
    expect.stringMatching(
      /^warning: .* listeners: proxymap_service_name has one value, and tables are at several listeners; let one listener have all of them, or set the others in master\.cf for the services that ask them: -o proxymap_service_name=VALUE$/,
    ),
  ])
  expect(await problems([proxymap('one', 'a'), proxymap('two', 'a, b')], tables)).toEqual([])
})
