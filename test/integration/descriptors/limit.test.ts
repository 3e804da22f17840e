/**
 * The limit of open files: a configuration that cannot fit is refused with the numbers, and running out
 * all the same is over as soon as one is free.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { SocketmapClient } from '../../../src/library/clients.ts'
import { startGateway } from '../../support/gateway/gateway.ts'
import { ADMIN, buildPackage, startGatewayProcess } from '../../support/gateway/gateway-process.ts'
import { idle } from '../../support/traffic/attacks.ts'

let built = ''
beforeAll(() => {
  const program = buildPackage('descriptors')
  built = program.built
  return program.remove
})

const CONFIG = (maxConnections: number, more = ''): string => `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: ${maxConnections} }]
${more}
upstreams: { fixed: { entries: { a: [b] } } }
tables: { aliases: { upstream: fixed } }
`

describe('a configuration that needs more open files than there may be', () => {
  test('is refused at the start with the numbers and exit code 78', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, 'mapgate.yaml'), CONFIG(1000))
    const script = 'ulimit -n 500; exec "$0" "$@"'
    const args = ['-c', script, process.execPath, join(built, 'cli.js'), 'serve']
    const { status, stderr } = spawnSync('/bin/sh', args, { cwd: folder, encoding: 'utf8' })
    expect(stderr).toContain(
      'may need 1065 open files (1000 client connections, 0 to servers that requests are passed on to, 0 to services, 0 of the admin API, 65 in reserve), and this process may have 500',
    )
    expect(status).toBe(78)
  })

  test('is refused at a reload, and what ran goes on', async (t) => {
    const gateway = await startGateway(t, CONFIG(100))
    // Three listeners of the most that one may have: above any limit that is usual.
    const many = Array.from(
      { length: 30 },
      () => '{ protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: 100000 }',
    )
    gateway.write(CONFIG(100).replace(/listeners: .*/, `listeners: [${many.join(', ')}]`))
    expect(await gateway.gateway.reload()).toMatchObject({
      ok: false,
      issues: [expect.stringContaining('3000000 client connections')],
    })
    expect(await gateway.socketmap().lookup('aliases', 'a')).toEqual(found('b'))
  })
})

test('with no descriptor left, open connections are answered, and new ones as soon as one is free', async (t) => {
  const gateway = await startGatewayProcess(t, built, CONFIG(1000, ADMIN))
  const port = gateway.ports[0] ?? 0
  const before = new SocketmapClient({ address: `inet:127.0.0.1:${port}` })
  t.onTestFinished(() => before.close())
  expect(await before.lookup('aliases', 'a')).toEqual(found('b'))
  // Lowered under the running program, so that it meets a limit it could not know of.
  // The limit is on their numbers, which may have gaps.
  const numbers = readdirSync(`/proc/${gateway.process.pid}/fd`).map(Number)
  const limit = Math.max(...numbers) + 20
  execFileSync('prlimit', ['--pid', String(gateway.process.pid), `--nofile=${limit}`])
  const attack = await idle({ protocol: 'socketmap', port }, 100)
  t.onTestFinished(() => attack.stop())
  expect(gateway.descriptors()).toBeLessThanOrEqual(limit)
  for (let n = 0; n < 10; n++) expect(await before.lookup('aliases', 'a')).toEqual(found('b'))

  await attack.stop()
  const after = new SocketmapClient({ address: `inet:127.0.0.1:${port}`, timeoutMs: 10_000 })
  t.onTestFinished(() => after.close())
  await expect.poll(() => after.lookup('aliases', 'a'), { timeout: 10_000 }).toEqual(found('b'))
  expect(await gateway.metric('mapgate_defects_total')).toBe(0)
})
