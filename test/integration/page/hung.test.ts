/** A page that hangs, and readers of events that do not read, cost no lookup its answer. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_CHROMIUM, useBrowser, visit } from './browser.ts'
import { makeTraffic, startScene } from './traffic.ts'

/** How long the page's only thread is busy, ms: longer than the lookups take. */
const BUSY_MS = 4000

/** Lookups per second that even a slow machine reaches. What is measured is that none waits for a reader. */
const LOOKUPS = 1200

describe.skipIf(NO_CHROMIUM)('a hung page', () => {
  const browser = useBrowser()

  test('costs no lookup its answer, and catches up afterwards', async () => {
    const scene = await startScene()
    const { page, complaints } = await visit(browser(), scene.gateway.adminUrl)
    await page.getByText('Live', { exact: true }).waitFor()
    const { port, hostname } = new URL(scene.gateway.adminUrl)
    for (let n = 0; n < 10; n++) {
      const socket = connect(Number(port), hostname).on('error', () => {})
      onTestFinished(() => void socket.destroy())
      await once(socket, 'connect')
      socket.pause()
      socket.write('GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n')
    }
    const hung = page.evaluate(`{ const end = Date.now() + ${BUSY_MS}; while (Date.now() < end); }`)
    let slowestMs = 0
    for (let n = 0; n < LOOKUPS; n += 4) {
      const startMs = performance.now()
      await makeTraffic(scene, 4)
      slowestMs = Math.max(slowestMs, performance.now() - startMs)
    }
    // Four lookups one after the other; a reader that is waited for would hold them for seconds.
    expect(slowestMs).toBeLessThan(5000)
    await hung
    await page.locator('#lookup-rows').getByText('@a.example').first().waitFor()
    await page.getByRole('heading', { name: 'Mail flow is healthy' }).waitFor()
    expect(complaints).toEqual([])
  })
})
