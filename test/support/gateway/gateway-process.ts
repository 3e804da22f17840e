/**
 * A gateway in a process of its own, from the compiled program: what it takes can be measured, it
 * can be killed, and it has its own limits.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Cleanup } from '../http/http-service.ts'
import { programInto } from './built.ts'

export interface GatewayProcess {
  readonly process: ChildProcess
  readonly folder: string
  /** Ports of its listeners, in the order of the file. */
  readonly ports: readonly number[]
  /** Resolves with its exit code when it has ended. */
  readonly ended: Promise<number | null>
  /** Resident memory, bytes. */
  memory(): number
  /** Open descriptors. */
  descriptors(): number
  /** The value of one metric, summed over its labels. */
  metric(name: string): Promise<number>
  /** Ends it in order; resolves with its exit code. */
  stop(): Promise<number | null>
}

/**
 * Copies the compiled program as a package of its own, into a new folder below `test-output`.
 *
 * @returns The folder to give to {@link startGatewayProcess}, and a function that removes it.
 */
export function buildPackage(name: string): { readonly built: string; readonly remove: () => void } {
  const folder = `${process.cwd()}/test-output/${name}-${process.pid}`
  const built = join(folder, 'dist')
  programInto(built)
  copyFileSync('package.json', join(folder, 'package.json'))
  return { built, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** The admin API of such a gateway: a unix socket in its folder. */
export const ADMIN = 'admin: { listen: "unix:FOLDER/admin" }'

/**
 * Starts one that ends with the test.
 *
 * @param built Made by {@link buildPackage}.
 * @param yaml `FOLDER` stands for the gateway's own folder; metrics need {@link ADMIN}.
 * @param prefix Command that starts it, such as `sh -c 'ulimit ...; exec "$@"'`.
 */
export async function startGatewayProcess(
  t: Cleanup,
  built: string,
  yaml: string,
  prefix: readonly string[] = [],
): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-test-'))
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'mapgate.yaml'), yaml.replaceAll('FOLDER', folder))
  const [command = '', ...args] = [...prefix, process.execPath, join(built, 'cli.js'), 'serve']
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  t.onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const ports: number[] = []
  let isReady = false
  for await (const line of createInterface({ input: child.stdout })) {
    const { bound, state } = JSON.parse(line) as { bound?: string; state?: string }
    if (bound !== undefined) ports.push(Number(/:(\d+)$/.exec(bound)?.[1] ?? 0))
    isReady = state === 'ready'
    if (isReady) break
  }
  if (!isReady) throw new Error(`the gateway did not start: ${await ended}`)
  child.stdout.resume()
  const proc = `/proc/${child.pid}`
  return {
    process: child,
    folder,
    ports,
    ended,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1]) * 1024,
    descriptors: () => readdirSync(`${proc}/fd`).length,
    metric: async (name) => sumOf(name, await get(join(folder, 'admin'), '/metrics')),
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, headers: { host: 'localhost' } }, async (response) => {
      const chunks: Buffer[] = await response.toArray()
      resolve(Buffer.concat(chunks).toString())
    })
    asked.once('error', reject)
    asked.end()
  })
}

function sumOf(name: string, exposition: string): number {
  const lines = exposition.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))
  return Array.from(lines, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0)
}
