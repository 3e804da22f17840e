/**
 * A real nginx with one `server` block, on a port of its own, that ends with the test.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from '../http/http-service.ts'
import { freePort } from './free-port.ts'

export const hasNginx = spawnSync('nginx', ['-v']).status === 0

/**
 * @param server What stands in the `server` block, made of its port and of a folder for its files.
 * @returns The port.
 */
export async function startNginx(
  t: Cleanup,
  server: (port: number, folder: string) => string,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-nginx-'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  writeFileSync(
    join(folder, 'nginx.conf'),
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log stderr error;
     events { worker_connections 64; }
     http { access_log off; ${temporary} server { ${server(port, folder)} } }`,
  )
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: 'ignore',
  })
  t.onTestFinished(async () => {
    if (nginx.exitCode === null) {
      // Fast shutdown, nginx(8): a master that is killed leaves its workers.
      nginx.kill('SIGTERM')
      await once(nginx, 'exit')
    }
    rmSync(folder, { recursive: true })
  })
  while (!(await accepts(port))) if (nginx.exitCode !== null) throw new Error('nginx does not start')
  return port
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  socket.destroy()
  return isOpen
}
