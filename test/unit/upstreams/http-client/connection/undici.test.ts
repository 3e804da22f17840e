/**
 * The parts of undici are the package's own, without what else it has.
 */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import {
  buildConnector,
  Client,
  errors,
  Pool,
  ProxyAgent,
} from '../../../../../src/upstreams/http-client/connection/undici.ts'

const load = createRequire(import.meta.url)

/** Before the whole package is loaded, which would add them. */
const methods = ['request', 'connect'].map((name) => [name, typeof Reflect.get(Pool.prototype, name)])

test('they are what the package gives', () => {
  const undici = load('undici')
  expect([undici.Client, undici.Pool, undici.ProxyAgent]).toEqual([Client, Pool, ProxyAgent])
  expect([undici.buildConnector, undici.errors]).toEqual([buildConnector, errors])
  expect(methods).toEqual([
    ['request', 'function'],
    ['connect', 'function'],
  ])
})

test('neither fetch nor caches nor mocks are loaded with them', () => {
  const script = `for (const file of process.argv.slice(1)) require('undici/lib/' + file)
    console.log(Object.keys(require.cache).join('\\n'))`
  const files = ['dispatcher/pool.js', 'core/connect.js', 'dispatcher/proxy-agent.js', 'api/index.js']
  const loaded = execFileSync(process.execPath, ['-e', script, ...files], { encoding: 'utf8' })
  expect(loaded).toContain('/undici/lib/dispatcher/pool.js\n')
  expect(loaded).not.toMatch(/\/undici\/lib\/(?:web|cache|mock|interceptor)\//)
})
