/**
 * A service with a list, and a gateway that keeps a copy of it.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReplicaStatus } from '../../../src/core/replica/replica-status.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../support/gateway/gateway.ts'
import { ADMIN } from '../../support/gateway/gateway-process.ts'
import type { Cleanup, HttpService } from '../../support/http/http-service.ts'
import { until } from '../../support/postfix/until.ts'

/** A folder that goes with the test. */
export function folderFor(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-replica-'))
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Serves mailboxes by single keys, and as a list: `[{ address, mailbox }]` with an ETag. */
export function serveMailboxes(service: HttpService, mailboxes: Map<string, string>): void {
  service.otherwise = ({ url, headers }) => {
    if (url.startsWith('/mailboxes/')) {
      const mailbox = mailboxes.get(decodeURIComponent(url.slice('/mailboxes/'.length)))
      return mailbox === undefined ? { status: 404 } : { json: mailbox }
    }
    const list = Array.from(mailboxes, ([address, mailbox]) => ({ address, mailbox }))
    const etag = `"${createHash('sha256').update(JSON.stringify(list)).digest('hex')}"`
    if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } }
    return { json: list, headers: { etag } }
  }
}

/** A configuration with one replicated table. @param replica Further keys of `replica`, in YAML. */
export function replicaYaml(origin: string, folder: string, replica = '', table = ''): string {
  return `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { directory: { endpoints: ["${origin}"], timeout: 1s } }
tables:
  mailboxes:
    upstream: directory
    usedBy: virtual_mailbox_maps
    recipientDelimiter: "+"
    request: { path: "/mailboxes/{key}" }
    replica:
      path: /mailboxes
      key: $.address
      value: $.mailbox
      every: 1h
      directory: ${folder}
      ${replica}
    ${table}
`
}

export function replicaStatus(gateway: TestGateway): ReplicaStatus {
  const status = gateway.gateway.status().tables[0]?.replica
  if (status === undefined) throw new TypeError('the table has no replica')
  return status
}

/** Lists and changes that were settled: taken over, kept aside or refused. */
function settledSoFar({ copies, failures, heldBack, changes }: ReplicaStatus): number {
  return copies + failures + heldBack + (changes?.rounds ?? 0)
}

/** Resolves when nothing is copied any more and so many lists and changes were settled. */
export async function settled(gateway: TestGateway, lists: number): Promise<ReplicaStatus> {
  return until(`${lists} lists`, () => {
    const status = replicaStatus(gateway)
    return status.state !== 'copying' && settledSoFar(status) >= lists ? status : undefined
  })
}

/** Asks for the changes or the list once more, and waits for what comes of it. */
export async function refresh(gateway: TestGateway, isWhole = false): Promise<ReplicaStatus> {
  const control = gateway.gateway.tables.replica('mailboxes')
  if (control === undefined || control === 'none') throw new TypeError('no replica')
  const before = settledSoFar(replicaStatus(gateway))
  control.refresh(isWhole)
  return settled(gateway, before + 1)
}

export async function startReplicated(
  t: Cleanup,
  yaml: string,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const gateway = await startGateway(t, yaml, options)
  await settled(gateway, 1)
  return gateway
}

export const keyOf = (at: number): string => `user${at}@a.example`

/** A table that is its copy alone, for the compiled program. */
export const listYaml = (origin: string, folder: string) => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
${ADMIN}
upstreams: { directory: { endpoints: ["${origin}"] } }
tables:
  mailboxes:
    upstream: directory
    replica: { path: /list, every: 1h, authoritative: true, directory: ${folder} }
`
