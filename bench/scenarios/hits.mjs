/**
 * Cached hits over both protocols, with all metrics on, against a bare server that answers a constant.
 */
import { usual } from '../configurations.mjs'
import { compared, fill, load, measure, startGateway, VALUE_REPLY, withParts } from './parts.mjs'

/** Source: the aims of the project. */
const LIMITS = { cpu: { most: 1.25 }, rate: { least: 0.85 }, p99: { most: 1.5 } }

const PROTOCOLS = [
  { protocol: 'socketmap', framing: 'netstring', listener: 0 },
  { protocol: 'tcp_table', framing: 'line', listener: 1 },
]

export async function hits(setting) {
  const figures = []
  for (const each of PROTOCOLS) {
    const runs = await measure((sides) => withBoth(each, setting, sides), setting)
    figures.push(...compared('hits', `${each.protocol}: `, runs, LIMITS))
  }
  return figures
}

function withBoth({ protocol, framing, listener }, setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    const bare = await parts.start('servers/bare.mjs', [framing, VALUE_REPLY[protocol]])
    const port = gateway.started.ports[listener]
    await fill(client, port, { protocol })
    await sides({
      a: () => load(client, gateway, port, setting, { protocol }),
      b: () => load(client, bare, bare.started.port, setting, { protocol }),
    })
  })
}
