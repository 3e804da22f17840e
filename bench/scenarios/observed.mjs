/**
 * What counting costs: cached hits with the observers of lookups on, against the same gateway without.
 */
import { usual } from '../configurations.mjs'
import { compare, fill, load, startGateway, withParts } from './parts.mjs'

export function observed(setting) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const on = await startGateway(parts, setting.dist, usual(parts.service.url))
    const off = await startGateway(parts, setting.dist, usual(parts.service.url), { mode: 'silent' })
    for (const { started } of [on, off]) await fill(client, started.ports[0])
    const sides = {
      a: () => load(client, on, on.started.ports[0], setting),
      b: () => load(client, off, off.started.ports[0], setting),
    }
    return compare('observed', 'metrics on against off: ', sides, setting, { cpu: { most: 1.05 } })
  })
}
