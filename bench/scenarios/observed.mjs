/**
 * What counting costs: cached hits with the observers of lookups on, against the same gateway without.
 */
import { usual } from '../configurations.mjs'
import { compared, fill, load, measure, startGateway, withParts } from './parts.mjs'

export async function observed(setting) {
  const runs = await measure((sides) => withBoth(setting, sides), setting)
  return compared('observed', 'metrics on against off: ', runs, { cpu: { most: 1.05 } })
}

function withBoth(setting, sides) {
  return withParts(async (parts) => {
    const client = await parts.start('load/client.mjs')
    const on = await startGateway(parts, setting.dist, usual(parts.service.url))
    const off = await startGateway(parts, setting.dist, usual(parts.service.url), { mode: 'silent' })
    for (const { started } of [on, off]) await fill(client, started.ports[0])
    await sides({
      a: () => load(client, on, on.started.ports[0], setting),
      b: () => load(client, off, off.started.ports[0], setting),
    })
  })
}
