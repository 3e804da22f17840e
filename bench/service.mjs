/**
 * The HTTP service that is asked: a private nginx that answers from its own configuration, so that it
 * is neither Node.js nor the limit.
 *
 *   /aliases/userN@bench.example    {"goto":"userN@mailbox.storage.example"}, 35 characters
 *   /search/@bench.example          found; every other key below /search is 404
 *   /policy                         {"action":"WARN checked"}
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

function configuration(port) {
  return `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/aliases/(?<user>[^@]+)@ { return 200 '{"active":true,"goto":"$user@mailbox.storage.example"}'; }
    location = /search/@bench.example { return 200 '{"active":true,"goto":"catchall@mailbox.storage.example"}'; }
    location = /policy { return 200 '{"action":"WARN checked"}'; }
    location / { return 404 '{"detail":"no such key"}'; }
  }
}`
}

/** Starts nginx on a free port of the loopback interface. */
export async function startService() {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-bench-nginx-'))
  const port = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), configuration(port))
  const child = spawn('/usr/sbin/nginx', ['-p', folder, '-c', 'nginx.conf'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const kill = () => child.kill('SIGTERM')
  process.once('exit', kill)
  await listening(port, 'nginx')
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', kill)
      const ended = once(child, 'exit')
      kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** @param program For the message. */
export async function listening(port, program) {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1')
    const up = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (up) return
    await delay(50)
  }
  throw new Error(`${program} does not listen`)
}
