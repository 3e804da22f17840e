/** What an operator does with the page, in a real browser against a whole gateway. */
import { describe, expect, test } from 'vitest'
import { NO_CHROMIUM, useBrowser, type Visit, visit } from './browser.ts'
import { breakDown, makeTraffic, type Scene, startScene } from './traffic.ts'

/** What no visit may have: an error in the console, or a request to another host. */
function offences({ complaints, foreign }: Visit): string[] {
  return [...complaints, ...foreign()]
}

describe.skipIf(NO_CHROMIUM)('the page', () => {
  const browser = useBrowser()

  async function open(): Promise<Scene & Visit> {
    const scene = await startScene()
    const visited = await visit(browser(), scene.gateway.adminUrl)
    await visited.page.getByText('Live', { exact: true }).waitFor()
    await visited.page.locator('#purge-table option').first().waitFor({ state: 'attached' })
    return { ...scene, ...visited }
  }

  test('shows lookups as they happen, their rates, and the connections they came on', async () => {
    const scene = await open()
    const { page } = scene
    await makeTraffic(scene, 40)
    await page.locator('#lookup-rows').getByText('nobody16@a.example').first().waitFor()
    const row = (name: string) => page.locator('#traffic tr', { has: page.getByRole('rowheader', { name }) })
    for (const name of ['socketmap', 'tcp_table', 'aliases', 'domains']) {
      await row(name).locator('td').first().filter({ hasText: /[1-9]/ }).waitFor()
    }
    await row('aliases').filter({ hasText: '%' }).waitFor()
    const listeners = page.locator('#listener-rows tr')
    await expect.poll(() => listeners.locator('td:last-child').allInnerTexts()).toEqual(['1', '1'])
    await page.getByRole('heading', { name: 'Mail flow is healthy' }).waitFor()
    expect(await page.title()).toBe('● Mail flow is healthy – mapgate')
    await expect
      .poll(() => page.locator('#plot-grid [role=img]').first().getAttribute('aria-label'))
      .toMatch(/^Lookups per second, by result, drawn over time. Now: Found /)
    expect(offences(scene)).toEqual([])
  })

  test('is not empty when it is opened after the traffic', async () => {
    const scene = await startScene()
    await makeTraffic(scene, 40)
    await expect
      .poll(async () => (await fetch(`${scene.gateway.adminUrl}/api/v1/history`)).text(), { timeout: 10_000 })
      .toContain('"tcp_table":{"results"')
    const visited = await visit(browser(), scene.gateway.adminUrl)
    const lookups = visited.page.locator('#figures .figure', { hasText: 'Lookups' }).first()
    await lookups.locator('.value', { hasText: /[1-9]/ }).waitFor()
    expect(offences(visited)).toEqual([])
  })

  test('shows what another upstream would have answered', async () => {
    const scene = await open()
    const { page, socketmap } = scene
    await socketmap.lookup('aliases', 'moved@a.example')
    const differences = page.locator('#shadow-differences tr')
    await differences.filter({ hasText: 'moved@new.example' }).waitFor()
    expect((await differences.locator('td').allInnerTexts()).slice(1)).toEqual([
      'aliases',
      'moved@a.example',
      'box26@mail.example',
      'moved@new.example',
    ])
    expect(await page.locator('#shadow-rows tr').allInnerTexts()).toEqual(['aliases\tnext\t100%\t0\t1\t0\t0'])
    expect(offences(scene)).toEqual([])
  })

  test('explains a key step by step, with what a mail server would read', async () => {
    const scene = await open()
    const { page, service } = scene
    await page.getByLabel('Key', { exact: true }).first().fill('info@a.example')
    await page.getByRole('button', { name: 'Look up' }).click()
    const answer = page.locator('#try-status')
    await answer.getByText('Found', { exact: true }).waitFor()
    expect(await answer.innerText()).toContain('from upstream')
    const names = page.locator('#try-steps .name')
    expect(await names.allInnerTexts()).toEqual(['Key', 'Upstream', 'Stored answers', 'Request', 'Answer'])
    expect(await page.locator('#try-wire').innerText()).toContain('OK box')

    await page.getByRole('button', { name: 'Look up' }).click()
    await answer.getByText('from cache').waitFor()
    const asked = service.requests.length
    await page.getByLabel('Ask the service even if').check()
    await page.getByRole('button', { name: 'Look up' }).click()
    await answer.getByText('from upstream').waitFor()
    expect(service.requests.length).toBeGreaterThan(asked)
    expect(offences(scene)).toEqual([])
  })

  test('shows a key with markup as text', async () => {
    const scene = await open()
    const { page, service, socketmap } = scene
    const key = '<img src=x onerror="document.title=1">@a.example'
    service.otherwise = { json: { goto: ['box<b>bold</b>@mail.example'] } }
    await socketmap.lookup('aliases', key)
    await page.locator('#lookup-rows').getByText(key).waitFor()
    await page.getByLabel('Key', { exact: true }).first().fill(key)
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.locator('#try-status').getByText('box<b>bold</b>@mail.example').waitFor()
    expect(await page.locator('#try-steps').innerText()).toContain('<img src=x onerror=')
    expect(await page.locator('img, b:not(.legend b)').count()).toBe(0)
    expect(offences(scene)).toEqual([])
  })

  test('shows how ready each table is, begins a drill and ends it', async () => {
    const scene = await open()
    const { page, socketmap, service } = scene
    await socketmap.lookup('aliases', 'a@a.example')
    const row = page.locator('#outage-rows tr', { has: page.getByRole('rowheader', { name: 'aliases' }) })
    await row.locator('td').first().filter({ hasText: '100%' }).waitFor({ timeout: 20_000 })
    await page.getByRole('button', { name: 'Begin a drill' }).click()
    await page
      .locator('#outage-status')
      .getByText(/^\w+ is treated as dead until \d\d:\d\d:\d\d\.$/)
      .waitFor()
    await page.locator('#reasons').getByText('a drill treats it as dead').first().waitFor()
    const asked = service.requests.length
    await socketmap.lookup('aliases', 'a@a.example')
    await socketmap.lookup('aliases', 'new@a.example')
    expect(service.requests.length).toBe(asked)
    await page.getByRole('button', { name: 'End the drill' }).click()
    await page.locator('#outage-status').getByText('was ended').waitFor()
    await row.locator('td').nth(1).filter({ hasText: '1' }).waitFor()
    await row.locator('td').nth(2).filter({ hasText: '1' }).waitFor()
    await page.getByRole('button', { name: 'End the drill' }).waitFor({ state: 'hidden' })
    expect(offences(scene)).toEqual([])
  })

  test('forgets one key, a domain or everything, after a question', async () => {
    const scene = await open()
    const { page, socketmap } = scene
    for (const key of ['a@a.example', 'b@a.example', 'c@a.example', 'd@b.example', 'e@c.example'])
      await socketmap.lookup('aliases', key)
    const dialog = page.getByRole('dialog', { name: 'Forget stored answers?' })
    const said = page.locator('#purge-status')
    const forget = page.getByRole('button', { name: 'Forget…' })

    await forget.click()
    await said.getByText('Say which key.').waitFor()
    await page.locator('#purge-value').fill('a@a.example')
    await forget.click()
    expect(await dialog.innerText()).toContain('Forget the stored answer of a@a.example in table aliases.')
    await dialog.getByRole('button', { name: 'Keep them' }).click()
    await dialog.waitFor({ state: 'hidden' })
    expect(await said.innerText()).toBe('')
    await forget.click()
    await page.keyboard.press('Tab')
    await dialog.getByRole('button', { name: 'Forget', exact: true }).press('Enter')
    await said.getByText('1 answer of a@a.example forgotten in aliases.').waitFor()

    await page.getByLabel('Every key of a domain').check()
    await page.locator('#purge-value').fill('@a.example')
    await forget.click()
    await dialog.getByRole('button', { name: 'Forget', exact: true }).click()
    await said.getByText('2 answers of a.example forgotten in aliases.').waitFor()

    await page.getByRole('radio', { name: 'Everything' }).check()
    await page.locator('#purge-value').waitFor({ state: 'hidden' })
    await forget.click()
    expect(await dialog.innerText()).toContain('Forget every stored answer of table aliases')
    await dialog.getByRole('button', { name: 'Forget', exact: true }).click()
    await said.getByText('2 answers forgotten in aliases.').waitFor()
    expect(offences(scene)).toEqual([])
  })

  test('shows a circuit that opens, a canary that fails, and what they do to mail', async () => {
    const scene = await open()
    const { page } = scene
    await page.locator('#canary-rows').getByText('found', { exact: true }).waitFor()
    await breakDown(scene)
    await page.getByRole('heading', { name: 'Mail is delayed' }).waitFor()
    await page.locator('#upstream-rows').getByText('open', { exact: true }).waitFor()
    await page.locator('#canary-rows').getByText('not found', { exact: true }).waitFor()
    const reasons = page.locator('#reasons')
    await reasons.getByText(/upstream domains: the circuit of endpoint .* is open/).waitFor()
    await reasons.getByText(/does not know its canary/).waitFor()
    await reasons.getByText(/got “try later”: that mail waits, at its sender or in Postfix/).waitFor()
    await page.locator('#cause-rows').getByText('every endpoint’s circuit is open').waitFor()
    await page.locator('#problem-list').getByText('circuit', { exact: true }).first().waitFor()
    expect(await page.title()).toBe('■ Mail is delayed – mapgate')
    expect(offences(scene)).toEqual([])
  })

  test('says that there is no connection when the gateway is gone', async () => {
    const { gateway, page } = await open()
    await gateway.gateway.stop()
    await page.getByRole('heading', { name: 'No connection to mapgate' }).waitFor()
    expect(await page.locator('#connection').innerText()).toMatch(/Last word|Not connected/)
  })
})
