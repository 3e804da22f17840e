import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/issue.ts'
import { checkDescriptors, descriptorNeed } from '../../../src/gateway/descriptor-budget.ts'
import { parseConfig } from '../../../src/gateway/load-config.ts'
import { PROTOCOLS } from '../../../src/protocols/registry.ts'
import { UPSTREAM_KINDS } from '../../../src/upstreams/registry.ts'

const FILE = `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: 100 }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases, maxConnections: 50 }
upstreams:
  directory: { endpoints: ["http://a.example", "http://b.example"], maxConcurrent: 10 }
  overrides: { entries: { a: [b] } }
tables:
  aliases: { upstream: [overrides, directory], request: { path: "/{key}" } }
`

test('counts clients, connections to every endpoint, the admin API and a reserve', async () => {
  const config = await parseConfig(FILE, 'mapgate.yaml')
  expect(descriptorNeed(config, UPSTREAM_KINDS, PROTOCOLS)).toEqual({
    clients: 150,
    passed: 0,
    upstreams: 20,
    admin: 0,
    reserve: 66,
  })
  const withAdmin = await parseConfig(`${FILE}admin: { listen: "inet:127.0.0.1:0" }\n`, 'mapgate.yaml')
  expect(descriptorNeed(withAdmin, UPSTREAM_KINDS, PROTOCOLS).admin).toBe(256)
})

test('counts the connections of each listener that passes requests on', async () => {
  const text = FILE.replace(
    'upstreams:',
    `  - { protocol: proxymap, listen: "unix:/run/mapgate/a", maxConnections: 10, pass: "unix:/var/spool/postfix/private/proxymap" }
  - { protocol: proxymap, listen: "unix:/run/mapgate/b", maxConnections: 10 }
upstreams:`,
  )
  const config = await parseConfig(text, 'mapgate.yaml')
  expect(descriptorNeed(config, UPSTREAM_KINDS, PROTOCOLS)).toMatchObject({
    clients: 170,
    passed: 500,
    reserve: 68,
  })
})

test('a configuration that just fits is taken, one that needs a descriptor more is refused with the numbers', async () => {
  const config = await parseConfig(FILE, 'mapgate.yaml')
  expect(() => checkDescriptors(config, UPSTREAM_KINDS, PROTOCOLS, 236)).not.toThrow()
  expect(() => checkDescriptors(config, UPSTREAM_KINDS, PROTOCOLS, Number.POSITIVE_INFINITY)).not.toThrow()
  expect(() => checkDescriptors(config, UPSTREAM_KINDS, PROTOCOLS, 235)).toThrow(ConfigError)
  expect(() => checkDescriptors(config, UPSTREAM_KINDS, PROTOCOLS, 235)).toThrow(
    'may need 236 open files (150 client connections, 0 to servers that requests are passed on to, 20 to services, 0 of the admin API, 66 in reserve), and this process may have 235',
  )
})
