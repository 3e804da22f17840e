/** axe-core, put into a page past its Content-Security-Policy, as a browser extension would. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/**
 * @param within A CSS selector; default everything.
 * @returns One text for each rule that is broken, best practices included.
 */
export async function violations(page: Page, within = 'html'): Promise<string[]> {
  await page.evaluate(`window.axe || ${SOURCE}`)
  const found = (await page.evaluate(`axe.run('${within}')`)) as { violations: readonly Violation[] }
  return found.violations.map(({ id, nodes }) =>
    [id, ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)].join('\n  '),
  )
}

/** @returns How far the page is wider than its window, px. */
export async function overflow(page: Page): Promise<number> {
  const measured = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
  return Number(measured)
}
