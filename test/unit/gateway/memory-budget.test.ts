import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/gateway/load-config.ts'
import { memoryWarning, storedBytes } from '../../../src/gateway/memory-budget.ts'
import { UPSTREAM_KINDS } from '../../../src/upstreams/registry.ts'

const MIB = 1024 * 1024
const FILE = `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
upstreams:
  directory: { endpoints: ["http://a.example"] }
  overrides: { entries: { a: [b] } }
tables:
  aliases: { upstream: [overrides, directory], request: { path: "/{key}" }, cache: { maxBytes: 10MiB } }
  users: { upstream: directory, request: { path: "/{key}" }, cache: { maxBytes: 20MiB } }
  counts: { upstream: directory, request: { path: "/{key}" }, cache: off }
  local: { upstream: overrides }
`

test('counts found and "not found" answers of the tables that ask a service and store', async () => {
  expect(storedBytes(await parseConfig(FILE, 'mapgate.yaml'), UPSTREAM_KINDS)).toBe(60 * MIB)
})

test('a heap that just fits gives no warning, one byte less a warning with the numbers', async () => {
  const config = await parseConfig(FILE, 'mapgate.yaml')
  const heapBytes = 80 * MIB
  expect(memoryWarning(config, UPSTREAM_KINDS, heapBytes)).toBeUndefined()
  expect(memoryWarning(config, UPSTREAM_KINDS, heapBytes - 1)).toMatch(/may take 60 MiB .* heap of 80 MiB/)
})
