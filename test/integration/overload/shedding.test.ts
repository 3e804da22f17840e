/**
 * Overload: stored answers go out at once, everything else is turned away at once, and the first moment
 * without overload is without shedding.
 */
import { expect, test } from 'vitest'
import type { Query } from '../../../src/core/lookup.ts'
import { found, type LookupResult } from '../../../src/core/result.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const query = (key: string): Query => ({ protocol: 'socketmap', table: 'aliases', key: Buffer.from(key) })

const CONFIG = (origin: string, more = ''): string => `${TWO_LISTENERS}
upstreams: { directory: { endpoints: ["${origin}"]${more} } }
tables: { aliases: { upstream: directory, request: { path: "/{key}" } } }
`

test('an event loop that does not keep up gives stored answers and sheds the rest, until it keeps up', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'b' }
  const { gateway, adminUrl } = await startGateway(t, CONFIG(service.origin))
  expect(await gateway.lookup(query('stored'))).toEqual(found('b'))

  const heldUp = performance.now()
  let stored: unknown
  let other: LookupResult | Promise<LookupResult> | undefined
  // Every turn of the event loop is late, for as long as it takes.
  while (performance.now() - heldUp < 10_000) {
    const turn = performance.now()
    while (performance.now() - turn < 600);
    await new Promise((resolve) => setTimeout(resolve, 0))
    stored = gateway.lookup(query('stored'))
    other = gateway.lookup(query(`new-${turn}`))
    if (!(other instanceof Promise)) break
  }
  expect(other).toMatchObject({ kind: 'temporary', cause: 'overload' })
  expect(stored).toEqual(found('b'))
  expect(gateway.status().degraded).toEqual([expect.stringContaining('the event loop does not keep up')])

  await expect.poll(() => gateway.lookup(query('after')), { timeout: 2000 }).toEqual(found('b'))
  expect(gateway.status().degraded).toEqual([])
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/^mapgate_upstream_shed_total\{upstream="directory"\} [1-9]/m)
})

test('with every place and the queue taken, stored answers go out, the rest is shed, and one free place is enough', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'b' }
  const { gateway } = await startGateway(t, CONFIG(service.origin, ', maxConcurrent: 1, maxQueued: 1'))
  await gateway.lookup(query('stored'))
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  service.otherwise = { text: 'b', after: held }
  const placed = gateway.lookup(query('placed'))
  const queued = gateway.lookup(query('queued'))
  // Neither is waited for: both are answered in the same turn.
  expect(gateway.lookup(query('shed'))).toMatchObject({ kind: 'temporary', cause: 'overload' })
  expect(gateway.lookup(query('stored'))).toEqual(found('b'))
  release()
  expect(await Promise.all([placed, queued])).toEqual([found('b'), found('b')])
  expect(await gateway.lookup(query('shed'))).toEqual(found('b'))
})
