/**
 * A real Chromium for the tests of the page, and what it did: every request, every complaint.
 *
 * Debian's package `chromium` at its usual place. Where it is missing the tests are skipped, but
 * for continuous integration (CI=true), which must not pass without them.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

const CHROMIUM = '/usr/bin/chromium'

/** For `describe.skipIf`. */
export const NO_CHROMIUM = !existsSync(CHROMIUM) && process.env.CI !== 'true'

if (NO_CHROMIUM) console.warn(`the tests of the page are skipped: no ${CHROMIUM} (Debian package chromium)`)

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const SCREENSHOTS = new URL('../../../test-output/page/', import.meta.url).pathname

/** Starts one browser for a test file. Each page has a profile of its own. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  })
  afterAll(async () => {
    await browser?.close()
  })
  return () => {
    if (browser === undefined) throw new Error('the browser is not started yet')
    return browser
  }
}

export interface Visit {
  readonly page: Page
  /** Everything that the console showed as an error or warning, and every uncaught exception. */
  readonly complaints: string[]
  /** Every URL that was asked for. */
  readonly requests: string[]
  /** Those of another origin. */
  foreign(): string[]
}

/** Opens the page of a gateway; it is closed with the test. */
export async function visit(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  onTestFinished(() => context.close())
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  context.on('request', (request) => requests.push(request.url()))
  await page.goto(`${origin}/`)
  return {
    page,
    complaints,
    requests,
    foreign: () => requests.filter((url) => !url.startsWith(`${origin}/`)),
  }
}
