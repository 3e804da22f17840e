/**
 * A private Redis on a free port of the loopback interface, as a store that gateways share.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { freePort, listening } from './service.mjs'

export async function startRedis() {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`needs redis-server: ${error.message}`)
  })
  const kill = () => child.kill('SIGTERM')
  process.once('exit', kill)
  await Promise.race([failed, listening(port, 'redis-server')])
  failed.catch(() => {})
  const redisCli = (...words) =>
    spawnSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8' }).stdout
  return {
    url: `redis://127.0.0.1:${port}`,
    /** Answers that it had, and questions, since the last call. */
    looks() {
      const count = (name) => Number(new RegExp(`${name}:(\\d+)`).exec(redisCli('INFO', 'stats'))?.[1])
      const [hits, misses] = [count('keyspace_hits'), count('keyspace_misses')]
      redisCli('CONFIG', 'RESETSTAT')
      return { hits, asked: hits + misses }
    },
    async stop() {
      process.off('exit', kill)
      const ended = once(child, 'exit')
      kill()
      await ended
    },
  }
}
