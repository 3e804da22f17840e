/**
 * A loss that was meant: it is reported, and one command ends it.
 */
import { expect, test } from 'vitest'
import { confirmLoss } from '../../../src/commands/confirm-loss/confirm-loss.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { seededRandom } from '../../support/traffic/seeded.ts'
import { Wire } from './wire.ts'

const KEYS = Array.from({ length: 200 }, (_, index) => `user${index}@a.example`)

const yaml = (origin: string) => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { directory: { endpoints: ["${origin}"], timeout: 2s } }
tables:
  mailboxes:
    upstream: directory
    usedBy: virtual_mailbox_maps
    search: exact
    request: { path: "/mailboxes/{key}" }
    canary: { key: postmaster@a.example }
    cache: { ttl: 60s, staleWhileRevalidate: 0s, staleIfError: 1d }
`

test('30 % of the entries vanish: smtpd hears no "not found" until one command confirms it', async (t) => {
  const present = new Set([...KEYS, 'postmaster@a.example'])
  const service = await startHttpService(t)
  service.otherwise = ({ url }) =>
    present.has(decodeURIComponent(url.slice('/mailboxes/'.length))) ? { text: 'box/' } : { status: 404 }
  const clock = new ManualClock()
  const gateway = await startGateway(t, yaml(service.origin), { clock, random: seededRandom(7) })
  const wire = new Wire(t, gateway, 'socketmap', 'mailboxes')
  const ask = async () => {
    const kinds: (string | undefined)[] = []
    for (const key of KEYS) kinds.push((await wire.ask(key))?.kind)
    return kinds
  }
  const confirm = async () => {
    const io = recordIo()
    expect(await confirmLoss('mailboxes', { admin: gateway.adminUrl }, io)).toBe(0)
    return io.out()
  }
  expect(new Set(await ask())).toEqual(new Set(['OK']))
  expect(await confirm()).toBe('mailboxes: no loss is held back, nothing to confirm\n')
  for (const key of KEYS.slice(0, 60)) present.delete(key)
  clock.advance(3_600_000)
  expect(new Set(await ask())).toEqual(new Set(['OK']))

  const ready = (await (await fetch(`${gateway.adminUrl}/readyz`)).json()) as { degraded: string[] }
  expect(ready.degraded).toContain(
    'table mailboxes: the service says "not found" of many keys that it found before; restore its data, or mapgate confirm-loss mailboxes',
  )
  expect(gateway.log().filter(({ event }) => event === 'loss')).toMatchObject([
    { table: 'mailboxes', holding: true },
  ])

  expect(await confirm()).toBe('mailboxes: confirmed, "not found" is believed again\n')
  clock.advance(60_000)
  const after = await ask()
  expect(new Set(after.slice(0, 60))).toEqual(new Set(['NOTFOUND']))
  expect(new Set(after.slice(60))).toEqual(new Set(['OK']))
})
