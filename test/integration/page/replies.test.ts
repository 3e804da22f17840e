/** What replies do at the client: a row for each kind below its protocol, with its rate. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { query } from '../../../src/commands/query/query.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { type Reply, startHttpService } from '../../support/http/http-service.ts'
import { talkTo } from '../../support/wire/sockets.ts'
import { NO_CHROMIUM, useBrowser, visit } from './browser.ts'

const ANSWERS: Readonly<Record<string, Reply>> = {
  refused: { json: 'REJECT go away' },
  held: { json: 'HOLD look at it' },
  passed: { status: 204 },
  broken: { status: 500 },
  wrong: { json: 'ACCEPT' },
}

const LOGINS: Readonly<Record<string, Reply>> = {
  bob: { json: { user: 'bob@a.example' } },
  wrong: { status: 401, json: { wrong: 'password' } },
  broken: { status: 500 },
}

describe.skipIf(NO_CHROMIUM)('a protocol whose replies say more than found and not found', () => {
  const browser = useBrowser()

  test('has a row for each kind of reply, with how many there are a second', async () => {
    const service = await startHttpService({ onTestFinished })
    service.otherwise = ({ body }) => ANSWERS[JSON.parse(body).sender] ?? { status: 404 }
    const gateway = await startGateway(
      { onTestFinished },
      `
listeners: [{ protocol: policy, listen: "inet:127.0.0.1:0", table: greylist }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { d: { endpoints: ["${service.origin}"] } }
tables: { greylist: { upstream: d, request: { method: POST, path: /, json: "{attributes}" } } }`,
    )
    const { page, complaints } = await visit(browser(), gateway.adminUrl)
    const client = await talkTo(gateway.address('policy'))
    const replies: [sender: string, reply: string][] = [
      ['refused', 'action=REJECT go away\n\n'],
      ['refused', 'action=REJECT go away\n\n'],
      ['held', 'action=HOLD look at it\n\n'],
      ['passed', 'action=DUNNO\n\n'],
      ['broken', 'action=DEFER_IF_PERMIT 4.3.0 The policy service does not answer; try again later\n\n'],
      ['wrong', 'action=DEFER_IF_PERMIT 4.3.0 The policy service does not answer; try again later\n\n'],
    ]
    for (const [sender, reply] of replies) {
      client.send(`request=smtpd_access_policy\nsender=${sender}\nrecipient=bob@a.example\n\n`)
      await client.expect(reply)
    }

    const rows = page.locator('#protocol-rows tr')
    const row = (name: string) => rows.filter({ has: page.getByRole('rowheader', { name, exact: true }) })
    for (const kind of ['reject', 'hold', 'dunno', 'unknown'])
      await row(`policy: ${kind}`).locator('td').first().filter({ hasText: /[1-9]/ }).waitFor()
    expect(complaints).toEqual([])
  })

  test('is told from another, and a protocol without such kinds has one row', async () => {
    const service = await startHttpService({ onTestFinished })
    service.route('/auth', ({ body }) => LOGINS[JSON.parse(body).user] ?? { status: 404 })
    service.otherwise = { json: 'there' }
    const gateway = await startGateway(
      { onTestFinished },
      `
listeners:
  - { protocol: sasl, listen: "inet:127.0.0.1:0", table: accounts, failDelay: 0ms }
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { d: { endpoints: ["${service.origin}"] } }
tables:
  aliases: { upstream: d, request: { path: "/{key}" } }
  accounts:
    upstream: d
    request: { method: POST, path: /auth, json: { user: "{attribute.user}", password: "{attribute.password}" } }
    response: { user: $.user, foundMark: { jsonPath: $.user }, refused: [401], refusedMark: { jsonPath: $.wrong } }`,
    )
    const { page, complaints } = await visit(browser(), gateway.adminUrl)
    const server = `sasl:inet:127.0.0.1:${gateway.address('sasl').port}`
    const codes: number[] = []
    for (const user of ['bob', 'bob', 'wrong', 'broken'])
      codes.push(await query(server, [`user=${user}`], {}, recordIo({ stdin: ['geheim'] })))
    expect(codes).toEqual([0, 0, 1, 75])
    await gateway.socketmap().lookup('aliases', 'a')

    const rows = page.locator('#protocol-rows tr')
    const row = (name: string) => rows.filter({ has: page.getByRole('rowheader', { name, exact: true }) })
    for (const kind of ['sasl: ok', 'sasl: fail', 'sasl: closed', 'socketmap'])
      await row(kind).locator('td').first().filter({ hasText: /[1-9]/ }).waitFor()
    const heads = await rows.getByRole('rowheader').allTextContents()
    expect(heads.filter((head) => /^(?:sasl|socketmap)/.test(head)).sort()).toEqual([
      'sasl',
      'sasl: closed',
      'sasl: fail',
      'sasl: ok',
      'socketmap',
    ])
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics.match(/^mapgate_replies_total.*$/gm)?.sort()).toEqual([
      'mapgate_replies_total{protocol="sasl",table="accounts",reply="closed"} 1',
      'mapgate_replies_total{protocol="sasl",table="accounts",reply="fail"} 1',
      'mapgate_replies_total{protocol="sasl",table="accounts",reply="ok"} 2',
    ])
    expect(complaints).toEqual([])
  })
})
