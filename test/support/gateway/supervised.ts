/**
 * The compiled program as systemd runs it: its socket is held by somebody else, who starts it again whenever it ends.
 * Needs `npm run build`.
 */
import { spawn } from 'node:child_process'
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from '../http/http-service.ts'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))

/** Holds descriptor 3, and starts the program again and again; each writes its number into a file. */
const LOOP = `while :; do sh -c 'echo $$ >"$0"; export LISTEN_PID=$$; exec "$@"' "$@"; done`

export interface Supervised {
  /** SIGKILL. The next one is started at once. */
  kill(): void
}

/**
 * Starts a supervisor that ends with the test.
 *
 * @param path Of the unix socket, which the program has as `systemd:NAME`.
 * @param folder For its files.
 */
export async function startSupervised(
  cleanup: Cleanup,
  { path, name, folder, config }: { path: string; name: string; folder: string; config: object },
): Promise<Supervised> {
  writeFileSync(join(folder, 'mapgate.yaml'), JSON.stringify(config))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(`${path}.bound`, resolve))
  // Closing removes the name that was bound.
  renameSync(`${path}.bound`, path)
  chmodSync(path, 0o666)
  const { _handle: handle } = server as unknown as { readonly _handle: { readonly fd: number } }
  const pidFile = join(folder, 'pid')
  const child = spawn('sh', ['-c', LOOP, 'sh', pidFile, process.execPath, CLI, 'serve'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', handle.fd],
    env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: name },
  })
  server.close()
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
