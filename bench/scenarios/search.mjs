/**
 * A partial-key search of five keys, of which the last one matches, all cached, against an exact hit.
 */
import { usual } from '../configurations.mjs'
import { compare, FEW_KEYS, fill, load, startGateway, withParts } from './parts.mjs'

export function search(setting) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    const [port] = gateway.started.ports
    // user+ext@domain, user@domain, user+ext, user, @domain: only the last one is there.
    const five = { table: 'search', extension: '+x' }
    await fill(client, port)
    await fill(client, port, { ...five, total: 2 * FEW_KEYS.count })
    const sides = {
      a: () => load(client, gateway, port, setting, five),
      b: () => load(client, gateway, port, setting),
    }
    return compare('search', 'five keys: ', sides, setting, { rate: { least: 0.6 } })
  })
}
