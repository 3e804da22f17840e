/**
 * Cached hits over the two protocols whose requests are lists of attributes, against a bare server that answers a constant.
 * A policy request has some thirty of them, and each is read, since the table may name any.
 */
import { join } from 'node:path'
import { attributes as configuration } from '../configurations.mjs'
import { compared, fill, load, measure, startGateway, VALUE_REPLY, withParts } from './parts.mjs'

const PROTOCOLS = [
  { protocol: 'policy', framing: 'block', listener: 0 },
  { protocol: 'proxymap', framing: 'list', listener: 1 },
]

export async function attributes(setting) {
  const figures = []
  for (const each of PROTOCOLS) {
    const runs = await measure((sides) => withBoth(each, setting, sides), setting)
    figures.push(...compared('attributes', `${each.protocol}: `, runs))
  }
  return figures
}

function withBoth({ protocol, framing, listener }, setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const socket = join(parts.folder, 'gateway')
    const gateway = await startGateway(parts, setting.dist, configuration(parts.service.url, socket))
    const port = gateway.started.ports[listener]
    const own = typeof port === 'string' ? [join(parts.folder, 'bare')] : []
    const bare = await parts.start('servers/bare.mjs', [framing, VALUE_REPLY[protocol], ...own])
    await fill(client, port, { protocol })
    await sides({
      a: () => load(client, gateway, port, setting, { protocol }),
      b: () => load(client, bare, bare.started.port, setting, { protocol }),
    })
  })
}
