/**
 * A purge and the cache file: what was purged stays away even when the program is killed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

test('the file is written without what was purged, soon after the purge', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = { text: 'mailbox' }
  const folder = testDirectory()
  const path = join(folder, 'cache')
  const yaml = `${TWO_LISTENERS}
upstreams: { d: { endpoints: ["${service.origin}"] } }
tables: { aliases: { upstream: d, request: { path: "/{key}" } } }
cacheFile: ${path}
`
  const prime = await startGateway(t, yaml, { folder })
  for (const key of ['gone@a.example', 'kept@a.example']) await prime.socketmap().lookup('aliases', key)
  await prime.gateway.stop()
  expect(readFileSync(path, 'latin1')).toContain('gone@a.example')

  const clock = new ManualClock(1_000_000, Date.now())
  const { gateway } = await startGateway(t, yaml, { folder, clock })
  expect(await gateway.tables.purge('aliases', { kind: 'key', key: Buffer.from('gone@a.example') })).toBe(1)
  clock.advance(10_000)
  await expect.poll(() => readFileSync(path, 'latin1')).not.toContain('gone@a.example')
  expect(readFileSync(path, 'latin1')).toContain('kept@a.example')
})
