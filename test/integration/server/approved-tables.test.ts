/**
 * The list of tables that a listener serves, in every protocol that has one: another table is asked in vain, whoever
 * else has it, and that is logged and counted.
 */
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { talkTo, testDirectory } from '../../support/wire/sockets.ts'

const nul = (text: string) => text.replaceAll('|', '\0')

const protocols: [
  protocol: string,
  own: string,
  ask: (table: string) => string,
  found: string,
  refused: string,
][] = [
  [
    'socketmap',
    '',
    (table) => (table === 'users' ? '7:users k,' : '9:aliases k,'),
    '4:OK v,',
    '45:PERM no such table; check its name in main.cf,',
  ],
  [
    'memcache',
    '',
    (table) => `get ${table}/k\r\n`,
    'VALUE aliases/k 0 1\r\nv\r\nEND\r\n',
    'SERVER_ERROR no such table; check its name in main.cf\r\n',
  ],
  [
    'proxymap',
    ', greeting: never',
    (table) => nul(`request|lookup|table|mapgate:${table}|flags|0|key|k||`),
    nul('status|0|value|v||'),
    nul('status|2|value|||'),
  ],
]

for (const [protocol, own, ask, found, refused] of protocols)
  test(`${protocol}: a table that is not in the list is asked in vain, logged and counted`, async (t) => {
    const service = await startHttpService(t)
    service.otherwise = { json: { value: 'v' } }
    const path = testDirectory()
    const gateway = await startGateway(
      { onTestFinished },
      `
listeners:
  - { protocol: ${protocol}, listen: "unix:${path}/one", tables: [aliases]${own} }
  - { protocol: ${protocol}, listen: "unix:${path}/all"${own} }
admin: { listen: "inet:127.0.0.1:0", anonymous: viewer }
upstreams: { service: { endpoints: ["${service.origin}"] } }
tables:
  aliases: { upstream: service, request: { path: "/aliases/{key}" }, response: { value: $.value }, cache: off }
  users: { upstream: service, request: { path: "/users/{key}" }, response: { value: $.value }, cache: off }
log: { level: debug }
`,
    )
    const one = await talkTo({ kind: 'unix', path: `${path}/one` })
    one.send(ask('aliases'))
    await one.expect(found)
    one.send(ask('users'))
    await one.expect(refused)
    one.send(ask('aliases'))
    await one.expect(found)
    const all = await talkTo({ kind: 'unix', path: `${path}/all` })
    all.send(ask('users'))
    await all.expect(found.replace('aliases', 'users'))
    expect(service.requests.map(({ url }) => url)).toEqual(['/aliases/k', '/aliases/k', '/users/k'])
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    // A name that is not of the list is no label.
    expect(metrics).toContain(`mapgate_lookups_total{protocol="${protocol}",table="",result="permanent"} 1\n`)
    expect(gateway.log().filter(({ cause }) => cause === 'no-table')).toMatchObject([
      {
        level: 'warn',
        protocol,
        table: '',
        asked: 'users',
        result: 'permanent',
        reason: expect.stringMatching(
          /^table users is not one of the "tables" of listener unix:\/.*\/one; add it there, or ask another listener$/,
        ),
      },
    ])
  })
