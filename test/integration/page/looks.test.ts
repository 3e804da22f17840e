/**
 * How the page looks: pictures for people in test-output/page, what axe-core says of each, and
 * that a phone shows it without sideways scrolling.
 */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { overflow, violations } from './axe.ts'
import { NO_CHROMIUM, SCREENSHOTS, useBrowser, visit } from './browser.ts'
import { breakDown, makeTraffic, type Scene, startScene } from './traffic.ts'

/** The narrowest phone that is still in use, px. */
const PHONE = { width: 360, height: 740 }

const DESK = { width: 1440, height: 900 }

const LOOKS = [
  ['light', DESK, 'light'],
  ['dark', DESK, 'dark'],
  ['phone', PHONE, 'light'],
] as const

describe.skipIf(NO_CHROMIUM)('the looks of the page', () => {
  const browser = useBrowser()

  test('every size and theme passes axe-core, in good and in bad times', { timeout: 120_000 }, async () => {
    const scene = await startScene()
    const { page, complaints } = await visit(browser(), scene.gateway.adminUrl, { reducedMotion: 'reduce' })
    const wrong: unknown[] = []
    const look = async (suffix: string, within?: string): Promise<void> => {
      for (const [name, size, colorScheme] of LOOKS) {
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme })
        await settled(page)
        const broken = [
          ...(await violations(page, within)),
          ...((await overflow(page)) === 0 ? [] : ['too wide']),
        ]
        if (broken.length > 0) wrong.push(`${name}${suffix}`, broken)
        await page.screenshot({ path: `${SCREENSHOTS}${name}${suffix}.png`, fullPage: within === undefined })
      }
    }

    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('#try-table option').first().waitFor({ state: 'attached' })
    await page.getByLabel('Key', { exact: true }).first().fill('user1@a.example')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.locator('#try-steps li').first().waitFor()
    await threePoints(scene, page)
    await page.getByRole('heading', { name: 'Mail flow is healthy' }).waitFor()
    await look('')

    await breakDown(scene)
    await threePoints(scene, page)
    await page.getByRole('heading', { name: 'Mail is delayed' }).waitFor()
    await page.locator('#upstream-rows [data-state=bad]').first().waitFor()
    await page.locator('#canary-rows [data-state=bad]').waitFor()
    await look('-trouble')

    await page.locator('#purge-value').fill('user1@a.example')
    await page.getByRole('button', { name: 'Forget…' }).click()
    await page.getByRole('dialog', { name: 'Forget stored answers?' }).waitFor()
    await look('-question', 'dialog[open]')
    expect(wrong).toEqual([])
    expect(complaints).toEqual([])
  })
})

/** Traffic until the plots have three more points, so that the pictures have a line to show. */
async function threePoints(scene: Scene, page: Page): Promise<void> {
  const drawn = async () => Number(await page.locator('#plot-grid').getAttribute('data-points'))
  const wanted = (await drawn()) + 3
  for (let round = 1; (await drawn()) < wanted; round++) await makeTraffic(scene, 40 * (1 + (round % 3)))
}

/** The page has drawn itself for a new size or theme: two frames of the browser. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))',
  )
}
