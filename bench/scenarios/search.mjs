/**
 * A partial-key search of five keys, of which the last one matches, all cached, against an exact hit.
 */
import { usual } from '../configurations.mjs'
import { compared, FEW_KEYS, fill, load, measure, startGateway, withParts } from './parts.mjs'

/** user+ext@domain, user@domain, user+ext, user, @domain: only the last one is there. */
const FIVE = { table: 'search', extension: '+x' }

export async function search(setting) {
  const runs = await measure((sides) => withGateway(setting, sides), setting)
  return compared('search', 'five keys: ', runs, { rate: { least: 0.6 } })
}

function withGateway(setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const gateway = await startGateway(parts, setting.dist, usual(parts.service.url))
    const [port] = gateway.started.ports
    await fill(client, port)
    await fill(client, port, { ...FIVE, total: 2 * FEW_KEYS.count })
    await sides({
      a: () => load(client, gateway, port, setting, FIVE),
      b: () => load(client, gateway, port, setting),
    })
  })
}
