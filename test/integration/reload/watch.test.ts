/**
 * `reload: watch`: the file is taken over when it has changed, however it was written.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { startGateway, TWO_LISTENERS } from '../../support/gateway/gateway.ts'
import { selfSignedPair } from '../../support/programs/certificates.ts'

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

test('a secret file that is written anew is taken over', async (t) => {
  const gateway = await startGateway(t, CONFIG('first'))
  const token = join(gateway.folder, 'value')
  writeFileSync(token, 'one@a.example\n')
  gateway.write(CONFIG(`"\${file:value}"`))
  const client = gateway.socketmap()
  const answers = (value: string) =>
    expect.poll(() => client.lookup('aliases', 'a'), { timeout: 10_000 }).toEqual(found(value))
  await answers('one@a.example')
  writeFileSync(`${token}.new`, 'two@a.example\n')
  renameSync(`${token}.new`, token)
  await answers('two@a.example')
})

test('a renewed certificate of the admin API is shown, and half a renewal is reported', async (t) => {
  const gateway = await startGateway(t, CONFIG('first'))
  const write = ({ cert, key }: { cert: string; key: string }) => {
    writeFileSync(join(gateway.folder, 'cert.pem'), cert)
    writeFileSync(join(gateway.folder, 'key.pem'), key)
  }
  const [before, after] = [selfSignedPair(), selfSignedPair()]
  write(before)
  gateway.write(CONFIG('first').replace('anonymous: operator', 'tls: { cert: cert.pem, key: key.pem }'))
  await expect.poll(() => shownCertificate(gateway.adminUrl), { timeout: 10_000 }).toEqual(pem(before.cert))
  writeFileSync(join(gateway.folder, 'cert.pem'), after.cert)
  await expect
    .poll(() => gateway.log(), { timeout: 10_000 })
    .toContainEqual(expect.objectContaining({ event: 'reload', ok: false }))
  expect(await shownCertificate(gateway.adminUrl)).toEqual(pem(before.cert))
  write(after)
  await expect.poll(() => shownCertificate(gateway.adminUrl), { timeout: 10_000 }).toEqual(pem(after.cert))
})

function pem(text: string): string {
  return text.replaceAll(/-----.*-----|\s/g, '')
}

/** The certificate that a server shows, as base64; undefined where nobody speaks TLS. */
function shownCertificate(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().raw.toString('base64'))
      socket.destroy()
    })
    socket.on('error', () => resolve(undefined))
  })
}
