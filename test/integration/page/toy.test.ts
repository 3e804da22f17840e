/** The page knows no protocol and no kind of upstream: those of the tests are shown by what the admin API says. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { PROTOCOLS, protocolsByName } from '../../../src/protocols/registry.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { toy } from '../../support/toy/protocol.ts'
import { echo } from '../../support/toy/upstream.ts'
import { talkTo } from '../../support/wire/sockets.ts'
import { NO_CHROMIUM, useBrowser, visit } from './browser.ts'

const CONFIG = `
listeners:
  - { protocol: toy, listen: "inet:127.0.0.1:0", table: aliases }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams:
  back: { suffix: "@b.example" }
  licensed: { suffix: "@b.example", licence: "licences.example:1" }
tables: { aliases: { upstream: back } }
`

describe.skipIf(NO_CHROMIUM)('a protocol and an upstream kind from outside', () => {
  const browser = useBrowser()

  test('have their traffic, their rows and their steps on the page', async () => {
    const protocols = protocolsByName([...PROTOCOLS.values(), toy])
    const gateway = await startGateway({ onTestFinished }, CONFIG, { protocols, upstreamKinds: [echo] })
    const { page, complaints } = await visit(browser(), gateway.adminUrl)
    const client = await talkTo(gateway.address('toy'))
    client.send('key=info@a.example\n\n')
    await client.expect('YES info@b.example\n')

    const traffic = page.locator('#traffic tr', { has: page.getByRole('rowheader', { name: 'toy' }) })
    await traffic.locator('td').first().filter({ hasText: /[1-9]/ }).waitFor()
    await page.locator('#listener-rows').getByText('toy', { exact: true }).waitFor()
    const upstream = (name: string) =>
      page.locator('#upstream-rows tr', { has: page.getByRole('rowheader', { name, exact: true }) })
    await upstream('back').getByText('echo').waitFor()
    expect(await upstream('licensed').locator('td').allInnerTexts()).toEqual([
      'licences.example:1',
      'valid',
      'licence: for one echo',
    ])
    await page.getByRole('heading', { name: 'Mail flow is healthy' }).waitFor()

    await page.getByLabel('Key', { exact: true }).first().fill('info@a.example')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.locator('#try-status').getByText('Found', { exact: true }).waitFor()
    expect(await page.locator('#try-status').innerText()).toContain('from echo')
    expect(await page.locator('#try-steps .name').allInnerTexts()).toEqual(['Key', 'Upstream', 'Answer'])
    expect(await page.locator('#try-wire').innerText()).toContain('YES info@b.example')
    expect(complaints).toEqual([])
  })
})
