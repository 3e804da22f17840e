/**
 * `reload: watch`: the file is taken over when it has changed, however it was written.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'

const CONFIG = (value: string, more = 'reload: watch'): string => `${TWO_LISTENERS}
${more}
upstreams: { fixed: { entries: { a: [${value}] } } }
tables: { aliases: { upstream: fixed } }
`

test('a file that is written, replaced or reached by another link is taken over', async (t) => {
  const gateway = await startGateway(t, CONFIG('first'))
  const client = gateway.socketmap()
  const answers = (value: string) =>
    expect.poll(() => client.lookup('aliases', 'a'), { timeout: 10_000 }).toEqual(found(value))
  await answers('first')
  gateway.write(CONFIG('written'))
  await answers('written')

  const file = join(gateway.folder, 'mapgate.yaml')
  writeFileSync(`${file}~`, CONFIG('renamed'))
  renameSync(`${file}~`, file)
  await answers('renamed')

  // As Kubernetes does: the file is a link through a folder that is exchanged.
  for (const version of ['one', 'two']) {
    mkdirSync(join(gateway.folder, version))
    writeFileSync(join(gateway.folder, version, 'mapgate.yaml'), CONFIG(version))
  }
  symlinkSync('one', join(gateway.folder, 'current'))
  rmSync(file)
  symlinkSync('current/mapgate.yaml', file)
  await answers('one')
  symlinkSync('two', join(gateway.folder, 'next'))
  renameSync(join(gateway.folder, 'next'), join(gateway.folder, 'current'))
  await answers('two')
})

test('a broken file is reported, and the next good one taken over', async (t) => {
  const gateway = await startGateway(t, CONFIG('first'))
  gateway.write('listeners: [')
  await expect
    .poll(() => gateway.log(), { timeout: 10_000 })
    .toContainEqual(expect.objectContaining({ event: 'reload', ok: false }))
  const client = gateway.socketmap()
  expect(await client.lookup('aliases', 'a')).toEqual(found('first'))
  gateway.write(CONFIG('second'))
  await expect.poll(() => client.lookup('aliases', 'a'), { timeout: 10_000 }).toEqual(found('second'))
})

test('nothing is watched by default, and no more once a reload says so', async (t) => {
  const gateway = await startGateway(t, CONFIG('first', ''))
  gateway.write(CONFIG('second'))
  expect(await gateway.gateway.reload()).toMatchObject({
    changes: expect.arrayContaining(['reload changed']),
  })
  gateway.write(CONFIG('third', ''))
  const client = gateway.socketmap()
  await expect.poll(() => client.lookup('aliases', 'a'), { timeout: 10_000 }).toEqual(found('third'))
  gateway.write(CONFIG('fourth', ''))
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(await client.lookup('aliases', 'a')).toEqual(found('third'))
})
