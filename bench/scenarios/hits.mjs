/**
 * Cached hits over both protocols, with all metrics on, against a bare server that answers a constant.
 */
import { usual } from '../configurations.mjs'
import { compare, fill, load, startGateway, VALUE_REPLY, withParts } from './parts.mjs'

/** Source: the aims of the project. */
const LIMITS = { cpu: { most: 1.25 }, rate: { least: 0.85 }, p99: { most: 1.5 } }

export function hits(setting) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    const [socketmap, tcpTable] = gateway.started.ports
    await fill(client, socketmap)
    const figures = []
    for (const [protocol, framing, port] of [
      ['socketmap', 'netstring', socketmap],
      ['tcp_table', 'line', tcpTable],
    ]) {
      const bare = await parts.start('servers/bare.mjs', [framing, VALUE_REPLY[protocol]])
      const sides = {
        a: () => load(client, gateway, port, setting, { protocol }),
        b: () => load(client, bare, bare.started.port, setting, { protocol }),
      }
      figures.push(...(await compare('hits', `${protocol}: `, sides, setting, LIMITS)))
      await bare.stop()
    }
    return figures
  })
}
