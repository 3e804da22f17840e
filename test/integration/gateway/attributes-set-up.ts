/**
 * A table that is asked by attributes, through the whole program, and a service that it asks.
 */
import { onTestFinished } from 'vitest'
import { PROTOCOLS, protocolsByName } from '../../../src/protocols/registry.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { toy } from '../../support/toy/protocol.ts'
import { talkTo } from '../../support/wire/sockets.ts'

export const PROTOCOLS_AND_TOY = protocolsByName([...PROTOCOLS.values(), toy])

export async function start(table: string) {
  const service = await startHttpService({ onTestFinished })
  const config = `
listeners:
  - { protocol: toy, listen: "inet:127.0.0.1:0", table: greylist, wish: tomorrow }
  - { protocol: socketmap, listen: "inet:127.0.0.1:0" }
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
log: { level: debug }
upstreams: { d: { endpoints: ["${service.origin}"], timeout: 300ms } }
tables:
  greylist:
    upstream: d
    deadline: 1s
    request: { method: POST, path: /policy, json: { user: "{attribute.user}", password: "{attribute.password}", all: "{attributes}" } }
${table}`
  const gateway = await startGateway({ onTestFinished }, config, { protocols: PROTOCOLS_AND_TOY })
  const open = async () => {
    const talker = await talkTo(gateway.address('toy'))
    await talker.expect('TOY 1\n')
    return talker
  }
  const client = await open()
  const ask = (user: string, key = 'x', password = 'geheim-77') =>
    client.send(`user=${user}\npassword=${password}\nkey=${key}\n\n`)
  return { service, gateway, client, ask, open }
}
