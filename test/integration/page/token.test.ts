/** The page where a token is needed: it asks, keeps it in its tab, and never writes it into a URL. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { violations } from './axe.ts'
import { NO_CHROMIUM, SCREENSHOTS, useBrowser, visit } from './browser.ts'
import { startScene } from './traffic.ts'

const VIEWER = 'viewer-token-0123456789abcdef'
const OPERATOR = 'operator-token-0123456789abcdef'
const ADMIN = `
  listen: "inet:127.0.0.1:0"
  anonymous: none
  tokens: [{ token: "${VIEWER}", role: viewer }, { token: "${OPERATOR}", role: operator }]`

/** Chromium itself reports an answer of 401 or 403 in the console. */
const REFUSED = /^Failed to load resource: the server responded with a status of 40[13]/

describe.skipIf(NO_CHROMIUM)('the page with tokens', () => {
  const browser = useBrowser()

  async function giveToken(page: Page, token: string): Promise<void> {
    const dialog = page.getByRole('dialog', { name: 'Token' })
    await dialog.waitFor()
    await dialog.getByLabel('Token').fill(token)
    await dialog.getByRole('button', { name: 'Use it' }).click()
  }

  test('asks for one, tells that it is wrong, and works with the right one', async () => {
    const { gateway } = await startScene(ADMIN)
    const { page, complaints, requests, foreign } = await visit(browser(), gateway.adminUrl)
    await page.getByRole('dialog', { name: 'Token' }).waitFor()
    expect(await violations(page)).toEqual([])
    // Not knowing is not the same as none.
    expect(await page.locator('main').innerText()).not.toMatch(
      /No lookup failed|No table has|None since mapgate/,
    )
    await page.screenshot({ path: `${SCREENSHOTS}token.png` })
    await giveToken(page, 'wrong-token-0123456789')
    await page.getByText('this token is not one of admin.tokens').waitFor()
    await giveToken(page, VIEWER)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('heading', { name: 'Mail flow is healthy' }).waitFor()

    await page.reload()
    await page.getByText('Live', { exact: true }).waitFor()

    expect(requests.filter((url) => /token-0123/.test(url))).toEqual([])
    expect(complaints.filter((text) => !REFUSED.test(text))).toEqual([])
    expect(foreign()).toEqual([])
  })

  test('asks again for a change that needs an operator, and then makes it', async () => {
    const { gateway, socketmap } = await startScene(ADMIN)
    await socketmap.lookup('aliases', 'info@a.example')
    const { page } = await visit(browser(), gateway.adminUrl)
    await giveToken(page, VIEWER)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('#purge-table option').first().waitFor({ state: 'attached' })
    await page.getByRole('radio', { name: 'Everything' }).check()
    await page.getByRole('button', { name: 'Forget…' }).click()
    await page.getByRole('button', { name: 'Forget', exact: true }).click()
    await page.getByText('this token is a viewer').waitFor()
    await giveToken(page, OPERATOR)
    await page.getByText('1 answer forgotten in aliases.').waitFor()
  })

  test('shows nothing while the question for a token is left open, and asks again on demand', async () => {
    const { gateway } = await startScene(ADMIN)
    const { page } = await visit(browser(), gateway.adminUrl)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { name: 'A token is needed' }).waitFor()
    await page.getByRole('button', { name: 'Token' }).click()
    await giveToken(page, OPERATOR)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Token' }).click()
    await page.getByRole('button', { name: 'Forget the token' }).click()
    await page.getByRole('heading', { name: 'A token is needed' }).waitFor()
  })
})
