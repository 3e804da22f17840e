/**
 * The compiled program as systemd runs it: its sockets are held by somebody else, who starts it again whenever it ends.
 * Needs `npm run build`.
 */
import { spawn } from 'node:child_process'
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from '../http/http-service.ts'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))

/** Holds the descriptors from 3 on, and starts the program again and again; each writes its number into a file. */
const LOOP = `while :; do sh -c 'echo $$ >"$0"; export LISTEN_PID=$$; exec "$@"' "$@"; done`

export interface Supervised {
  /** SIGKILL. The next one is started at once. */
  kill(): void
}

/** A unix socket, which the program has as `systemd:NAME`. */
interface HeldSocket {
  readonly path: string
  readonly name: string
}

/**
 * Starts a supervisor that ends with the test.
 *
 * @param folder For its files.
 */
export async function startSupervised(
  cleanup: Cleanup,
  { sockets, folder, config }: { sockets: readonly HeldSocket[]; folder: string; config: object },
): Promise<Supervised> {
  writeFileSync(join(folder, 'mapgate.yaml'), JSON.stringify(config))
  const servers = await Promise.all(sockets.map(({ path }) => boundAt(path)))
  const pidFile = join(folder, 'pid')
  const child = spawn('sh', ['-c', LOOP, 'sh', pidFile, process.execPath, CLI, 'serve'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', ...servers.map(descriptorOf)],
    env: {
      ...process.env,
      LISTEN_FDS: String(sockets.length),
      LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':'),
    },
  })
  for (const server of servers) server.close()
  const kill = () => process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
  cleanup.onTestFinished(async () => {
    child.kill('SIGKILL')
    await new Promise((resolve) =>
      (child.exitCode ?? child.signalCode) === null ? child.once('exit', resolve) : resolve(null),
    )
    kill()
  })
  return { kill }
}

async function boundAt(path: string): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(`${path}.bound`, resolve))
  // Closing removes the name that was bound.
  renameSync(`${path}.bound`, path)
  chmodSync(path, 0o666)
  return server
}

function descriptorOf(server: Server): number {
  const { _handle: handle } = server as unknown as { readonly _handle: { readonly fd: number } }
  return handle.fd
}
