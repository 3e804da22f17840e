/**
 * The compiled program, killed after a lookup found a user who was made after the copy: it is still found in an outage.
 */
import { expect, test } from 'vitest'
import { SocketmapClient } from '../../../src/library/clients.ts'
import { askAdmin } from '../../support/gateway/admin-socket.ts'
import {
  ADMIN,
  buildPackage,
  type GatewayProcess,
  startGatewayProcess,
} from '../../support/gateway/gateway-process.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { until } from '../../support/postfix/until.ts'
import { outageIsSeen } from './outage-is-seen.ts'
import { folderFor, serveMailboxes } from './replicated.ts'

const yamlFor = (origin: string, folder: string) => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
${ADMIN}
upstreams: { directory: { endpoints: ["${origin}"] } }
tables:
  mailboxes:
    upstream: directory
    request: { path: "/mailboxes/{key}" }
    replica: { path: /mailboxes, key: $.address, value: $.mailbox, every: 1h, directory: ${folder} }
`

async function lookup(gateway: GatewayProcess, key: string) {
  const client = new SocketmapClient({ address: `inet:127.0.0.1:${gateway.ports[0]}` })
  try {
    return await client.lookup('mailboxes', key)
  } finally {
    client.close()
  }
}

test('a user whom a lookup found after the copy is found after a kill in an outage, and a stranger is not', async (t) => {
  const { built, remove } = buildPackage('found')
  t.onTestFinished(remove)
  const service = await startHttpService(t)
  const mailboxes = new Map([['ann@a.example', 'a/ann/']])
  serveMailboxes(service, mailboxes)
  const yaml = yamlFor(service.origin, folderFor(t))
  const first = await startGatewayProcess(t, built, yaml)
  await until('a copy', async () =>
    (await first.metric('mapgate_replica_entries')) === 1 ? true : undefined,
  )
  mailboxes.set('new@a.example', 'a/new/')
  expect(await lookup(first, 'new@a.example')).toEqual({ kind: 'found', value: 'a/new/' })
  await service.stop()
  await outageIsSeen((key) => lookup(first, key))
  expect(await lookup(first, 'nobody@a.example')).toEqual({ kind: 'notfound' })
  // A transaction behind the one that writes the user down, which is not waited for.
  const other = '/api/v1/tables/mailboxes/replica/entries/other@a.example'
  expect(await askAdmin(first, 'DELETE', other)).toMatchObject({ status: 200 })
  first.process.kill('SIGKILL')
  await first.ended

  const second = await startGatewayProcess(t, built, yaml)
  expect(await lookup(second, 'new@a.example')).toEqual({ kind: 'found', value: 'a/new/' })
  expect(await lookup(second, 'ann@a.example')).toEqual({ kind: 'found', value: 'a/ann/' })
  expect(await lookup(second, 'nobody@a.example')).toEqual({ kind: 'notfound' })
})
