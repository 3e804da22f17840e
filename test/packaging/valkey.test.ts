/**
 * Valkey as the compose file and the Kubernetes manifest start it: their own commands, with Debian's redis-server in the place of
 * valkey-server, and a gateway with their own settings that uses it. No container engine runs where the tests run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { startGateway } from '../support/gateway/gateway.ts'
import type { Cleanup } from '../support/http/http-service.ts'
import { selfSignedPair } from '../support/programs/certificates.ts'
import { freePort } from '../support/programs/free-port.ts'
import { missingRedis } from '../support/programs/redis.ts'
import { ROOT } from './run.ts'

const PASSWORD = 'a1b2c3d4e5f6a1b2c3d4e5f6'

/** Longest wait for a gateway that uses it, ms. */
const PATIENCE_MS = 10_000

function newFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-valkey-'))
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a command of a container as it would be run there, below a folder. */
function start(t: Cleanup, command: string, folder: string): ChildProcess {
  const here = command
    .replaceAll('/tmp/', `${folder}/`)
    .replaceAll('/tls/', `${folder}/`)
    .replace('exec valkey-server', 'exec redis-server')
  const child = spawn('sh', ['-c', `${here.trim()} --bind 127.0.0.1 --dir ${folder}`], {
    env: { ...process.env, VALKEY_PASSWORD: PASSWORD },
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return child
}

/** Waits until a gateway with this section uses the store. */
async function expectUsed(t: Cleanup, shared: unknown): Promise<void> {
  const { gateway } = await startGateway(
    t,
    JSON.stringify({
      listeners: [{ protocol: 'socketmap', listen: 'inet:127.0.0.1:0' }],
      upstreams: { directory: { endpoints: ['http://127.0.0.1:1'] } },
      tables: { aliases: { upstream: 'directory', request: { path: '/{key}' } } },
      shared,
    }),
  )
  const givenUpMs = performance.now() + PATIENCE_MS
  while (gateway.status().shared?.state !== 'up' && performance.now() < givenUpMs) await delay(50)
  expect(gateway.status().shared).toMatchObject({ state: 'up' })
}

describe.skipIf(missingRedis() !== undefined)('Valkey beside mapgate', () => {
  test('as compose.yaml starts it, it is used', { timeout: 30_000 }, async (t) => {
    const compose = parse(await readFile(join(ROOT, 'packaging/container/compose.yaml'), 'utf8'), {
      merge: true,
    })
    const { shared } = parse(await readFile(join(ROOT, 'packaging/container/compose/mapgate.yaml'), 'utf8'))
    const port = await freePort()
    const [command] = compose.services.valkey.command as [string]
    start(t, `${command.trim().replaceAll('$$', '$')} --port ${port}`, newFolder(t))
    await expectUsed(t, {
      ...shared,
      url: shared.url.replace('valkey:6379', `127.0.0.1:${port}`),
      password: PASSWORD,
    })
  })

  test('as valkey.yaml starts it, it is used over TLS with the settings in its head', {
    timeout: 30_000,
  }, async (t) => {
    const text = await readFile(join(ROOT, 'packaging/kubernetes/valkey.yaml'), 'utf8')
    const [deployment] = parseAllDocuments(text).map((document) => document.toJS())
    const [container] = deployment.spec.template.spec.containers
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const settings = Array.from(text.matchAll(/^# {4}(\S.*| {2}\S.*)$/gm), ([, line]) => line).join('\n')
    const { shared } = parse(settings.slice(settings.indexOf('shared:')))
    const folder = newFolder(t)
    const { cert, key } = selfSignedPair(['-nodes', '-addext', 'subjectAltName=IP:127.0.0.1'])
    for (const [name, content] of [
      ['tls.crt', cert],
      ['tls.key', key],
      ['ca.crt', cert],
    ] as const)
      writeFileSync(join(folder, name), content)
    const port = await freePort()
    start(t, container.args[0].replace('--tls-port 6379', `--tls-port ${port}`), folder)
    await expectUsed(t, {
      ...shared,
      url: shared.url.replace('valkey.mail.svc.cluster.local:6379', `127.0.0.1:${port}`),
      password: PASSWORD,
      tls: { ca: join(folder, 'ca.crt') },
    })
  })
})
