/**
 * What needs a process of its own: passed sockets, and running out of descriptors.
 */
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { SocketmapClient } from '../../../src/library/clients.ts'
import { type Child, modulesInto, startChild } from '../../support/gateway/built.ts'

let built = ''
beforeAll(() => {
  built = `${process.cwd()}/test-output/net-children-${process.pid}`
  modulesInto(built)
  return async () => (await import('node:fs')).rmSync(built, { recursive: true, force: true })
})

/** A program that listens on the address, and says where and what it was told. */
function serverProgram(address: object): string {
  const file = (path: string) => JSON.stringify(pathToFileURL(`${built}/${path}`).href)
  return `
    import { openListener } from ${file('server/listener.js')}
    import { silentListenerObserver } from ${file('core/observed/observer.js')}
    import { readOnlyStore } from ${file('core/store/store.js')}
    import { socketmap } from ${file('protocols/socketmap/protocol.js')}
    import { systemClock } from ${file('core/clock.js')}
    const settings = {
      protocol: socketmap, own: { tables: undefined, client: 'postfix' }, name: 'child', address: ${JSON.stringify(address)},
      mode: 0o660, allow: ['127.0.0.0/8'], maxConnections: 10000, maxConnectionsPerAddress: 10000,
    }
    const lookup = { lookup: ({ table, key }) => ({ kind: 'found', value: table + '=' + key }) }
    const told = { shed: 0 }
    const observer = {
      ...silentListenerObserver,
      connectionShed: () => told.shed++,
    }
    try {
      const listener = await openListener(settings, {
        lookup, store: readOnlyStore, clock: systemClock, random: Math.random, observer,
      })
      console.log(listener.status().bound, process.pid)
      process.stdin.on('data', () => console.log(JSON.stringify(told)))
      process.on('SIGTERM', () => listener.drain().then(() => process.exit(0)))
    } catch (error) {
      console.log(error.message)
      process.exit(1)
    }`
}

function startServer(address: object, env: Record<string, string>, fds: number[], limit = ''): Child {
  // The shell stays out of the way: exec keeps its process id, which LISTEN_PID must name.
  const script = `LISTEN_PID=\${LISTEN_PID:-$$}; export LISTEN_PID; ${limit} exec "$0" --input-type=module -e "$1"`
  return startChild('/bin/sh', ['-c', script, process.execPath, serverProgram(address)], { env, fds })
}

/**
 * A supervisor as systemd is one: it holds a listening socket, passes it on as descriptor 4 and starts
 * the server anew when it ends. It never accepts itself: it does nothing but wait for its child.
 */
function supervisorProgram(): string {
  return `
    import { spawnSync } from 'node:child_process'
    import { createServer } from 'node:net'
    const server = createServer().listen({ port: 0, host: '127.0.0.1' }, () => {
      const held = server._handle.fd
      for (;;) {
        const script = 'export LISTEN_PID=$$; exec "$0" --input-type=module -e "$1"'
        spawnSync('/bin/sh', ['-c', script, process.execPath, process.argv[1]], {
          stdio: ['ignore', 'inherit', 'inherit', held, held],
          env: { ...process.env, LISTEN_FDS: '2', LISTEN_FDNAMES: 'other:mapgate' },
        })
      }
    })`
}

describe('systemd:NAME', () => {
  const address = { kind: 'systemd', name: 'mapgate' }

  test('serves the socket of that name, and a second process takes over without a refused connection', async () => {
    const args = ['--input-type=module', '-e', supervisorProgram(), serverProgram(address)]
    const supervisor = startChild(process.execPath, args)
    const [bound = '', first] = (await supervisor.line()).split(' ')
    expect(bound).toMatch(/^inet:127\.0\.0\.1:\d+$/)
    const client = new SocketmapClient({ address: bound, timeoutMs: 10_000 })
    onTestFinished(() => client.close())
    expect(await client.lookup('t', 'before')).toEqual({ kind: 'found', value: 't=before' })

    process.kill(Number(first), 'SIGTERM')
    for (let n = 0; n < 100; n++) {
      expect(await client.lookup('t', `${n}`)).toEqual({ kind: 'found', value: `t=${n}` })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [, second] = (await supervisor.line()).split(' ')
    onTestFinished(() => {
      process.kill(Number(second), 'SIGKILL')
    })
    expect(await client.lookup('t', 'after')).toEqual({ kind: 'found', value: 't=after' })
    supervisor.process.kill('SIGKILL')
  })

  const refusals: [name: string, env: Record<string, string>, text: string][] = [
    ['no sockets were passed', {}, 'systemd passed no sockets to this process'],
    [
      'they are for another process',
      { LISTEN_FDS: '1', LISTEN_PID: '1' },
      'systemd passed no sockets to this process',
    ],
    [
      'none has that name',
      { LISTEN_FDS: '1', LISTEN_FDNAMES: 'a' },
      'systemd passed no socket named "mapgate" but "a"; set FileDescriptorName=mapgate',
    ],
  ]
  for (const [name, env, text] of refusals) {
    test(`says so when ${name}`, async () => {
      const child = startServer(address, env, [])
      expect(await child.line()).toContain(text)
    })
  }
})

describe('a process without free descriptors', () => {
  test('gives up its longest idle connections and answers every new client', async () => {
    const child = startServer({ kind: 'inet', host: '127.0.0.1', port: 0 }, {}, [], 'ulimit -n 64;')
    const [address = ''] = (await child.line()).split(' ')
    for (let n = 0; n < 200; n++) {
      const client = new SocketmapClient({ address, timeoutMs: 10_000 })
      onTestFinished(() => client.close())
      expect(await client.lookup('t', `${n}`)).toEqual({ kind: 'found', value: `t=${n}` })
    }
    child.process.stdin?.write('\n')
    const told = JSON.parse(await child.line())
    expect(told.shed).toBeGreaterThan(100)
  })
})
