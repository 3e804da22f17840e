/** The browsable API description in a real browser, under the strict Content-Security-Policy. */
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { chromium } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { adminFixture } from '../../support/admin/admin-ports.ts'
import { bindTo } from '../../support/admin/bind-to.ts'

const CHROMIUM = '/usr/bin/chromium'

describe('/docs', () => {
  test('shows every route, asks no other host, and breaks no rule of the page', async ({ skip }) => {
    if (!existsSync(CHROMIUM) && process.env.CI !== 'true')
      skip('chromium is not installed (Debian package chromium)')
    const { server } = await adminFixture(onTestFinished, { level: 'silent' })
    await server.listen(bindTo('127.0.0.1', 0))
    const origin = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    const complaints: string[] = []
    const foreign: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(origin) && !url.startsWith('data:')) foreign.push(url)
    })
    // The fixture has no page; its files are as `npm run build` makes them.
    await page.route('**/page/*', (route) =>
      route.fulfill({ path: join('dist/admin/page', basename(new URL(route.request().url()).pathname)) }),
    )
    await page.goto(`${origin}/docs`)
    await page.locator('.operation').first().waitFor()
    const routes = server.routes().filter((route) => !/^(HEAD|OPTIONS) | \/docs/.test(route))
    expect(await page.locator('.operation').count()).toBe(routes.length)
    await page.getByText('GET /livez', { exact: true }).click()
    await page.getByText('Answers').first().waitFor()
    await page.waitForLoadState('networkidle')
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] })
  })
})
