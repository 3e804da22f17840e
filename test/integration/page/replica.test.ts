/** What the page shows of a copy while its list is read, and when one is kept aside; and what its buttons do. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { startHttpService } from '../../support/http/http-service.ts'
import { TEN } from '../replica/changing-service.ts'
import { folderFor, refresh, replicaStatus, replicaYaml, startReplicated } from '../replica/replicated.ts'
import { NO_CHROMIUM, useBrowser, visit } from './browser.ts'

const listed = (mailboxes: typeof TEN) => mailboxes.map(([address, mailbox]) => ({ address, mailbox }))

describe.skipIf(NO_CHROMIUM)('the copy of a table', () => {
  const browser = useBrowser()

  test('has a progress bar while it is read, and says why a list is kept aside until it is accepted', async () => {
    const t = { onTestFinished }
    const service = await startHttpService(t)
    service.otherwise = { json: listed(TEN) }
    const yaml = replicaYaml(service.origin, folderFor(t), 'authoritative: true')
    const gateway = await startReplicated(t, yaml)
    const { page, complaints } = await visit(browser(), gateway.adminUrl)
    const state = page.locator('#replica-rows tr', { hasText: 'mailboxes' }).locator('td').last()
    const bar = page.locator('#replica-progress')
    const button = (word: string) =>
      page.getByRole('button', { name: new RegExp(`^${word} the list of mailboxes`) })
    await state.getByText('current', { exact: true }).waitFor()
    // Entries, age, last change, next refresh.
    const cells = await page
      .locator('#replica-rows tr', { hasText: 'mailboxes' })
      .locator('td')
      .allInnerTexts()
    expect(cells.join('|')).toMatch(/^10\|[\d.]+ m?s\|[\d.]+ m?s\|(?:5\d|6[0-6]) min\|current$/)
    expect(await bar.isHidden()).toBe(true)

    let send = (): void => {}
    const after = new Promise<void>((resolve) => {
      send = resolve
    })
    service.otherwise = { json: listed(TEN.slice(0, 4)), after }
    await button('Read').click()
    await state.getByText('reads: 0 entries').waitFor()
    await bar.waitFor({ state: 'visible' })
    expect(await bar.evaluate((element) => element.tagName)).toBe('PROGRESS')
    send()

    await state
      .getByText(
        'kept aside: a list of 4 entries. The copy in use stays until you accept or reject it: the list lacks 6 keys of the copy, more than replica.maxShrink, such as user4@a.example, user5@a.example, user6@a.example',
      )
      .waitFor()
    await bar.waitFor({ state: 'hidden' })
    expect(replicaStatus(gateway).entries).toBe(10)
    await button('Accept').click()
    await page.locator('#outage-status').getByText('The list of mailboxes was accepted.').waitFor()
    // At once, and not with the next status.
    expect(await state.innerText()).toBe('current')
    expect([await button('Accept').count(), await button('Reject').count()]).toEqual([0, 0])
    expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 4 })

    service.otherwise = { json: [] }
    await refresh(gateway)
    await button('Reject').click()
    await page.locator('#outage-status').getByText('The list of mailboxes was rejected.').waitFor()
    expect(replicaStatus(gateway)).toMatchObject({ state: 'ready', entries: 4 })
    expect(complaints).toEqual([])
  })

  test('has a bar that shows how far the list is', async () => {
    const t = { onTestFinished }
    const service = await startHttpService(t)
    const pages = (next?: string, after?: Promise<void>) => {
      service.route('/mailboxes', { json: { next: '/page2', entries: listed(TEN.slice(0, 4)) } })
      service.route('/page2', { json: { next, entries: listed(TEN.slice(4)) }, ...(after && { after }) })
    }
    pages()
    const paged = 'authoritative: true\n      items: $.entries[*]\n      next: $.next'
    const gateway = await startReplicated(t, replicaYaml(service.origin, folderFor(t), paged))
    const { page, complaints } = await visit(browser(), gateway.adminUrl)
    const state = page.locator('#replica-rows tr', { hasText: 'mailboxes' }).locator('td').last()
    let send = (): void => {}
    pages(undefined, new Promise((resolve) => (send = resolve)))
    await page.getByRole('button', { name: /^Read the list of mailboxes/ }).click()
    await state.getByText('reads: 4 entries').waitFor()
    // Of the ten that the copy has.
    expect(await page.locator('#replica-progress').getAttribute('value')).toBe('0.4')
    send()
    await state.getByText('current', { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })
})
