/**
 * `mapgate demo` with a gateway and a directory that only pretend; test/integration/cli runs the
 * real ones.
 */
import { EventEmitter } from 'node:events'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { demo } from '../../../src/commands/demo/demo.ts'
import { startDirectory } from '../../../src/commands/demo/directory-child.ts'
import { findPostmap } from '../../../src/commands/demo/find-postmap.ts'
import { demoPorts, freeDemoPort, takenPort } from '../../../src/commands/demo/ports.ts'
import { tryLines } from '../../../src/commands/demo/try-lines.ts'
import { settle } from '../../support/clock/manual-clock.ts'
import { recordIo } from '../../support/gateway/command-io.ts'

const LISTENING = `process.on('disconnect', () => process.exit())
process.send({ listening: Number(process.argv[3]) })`

async function scriptOf(code: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'child.mjs')
  await writeFile(file, code)
  return file
}

async function listen(port = 0): Promise<{ port: number; server: Server }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, server }
}

/** Five ports that are free now. */
async function freePorts(): Promise<number> {
  const first = await freeDemoPort(20_000 + (process.pid % 20_000))
  expect(first).toBeDefined()
  return first ?? 0
}

async function run(
  port: number,
  code = LISTENING,
  start = async (_file: string) => ({ reload: async () => [], stop: async () => {} }),
) {
  const signals = new EventEmitter()
  const io = recordIo({ cwd: '/' })
  const files: { file: string; text: string }[] = []
  const done = demo({ port }, io, {
    signals,
    directoryScript: await scriptOf(code),
    start: async (file = '') => {
      files.push({ file, text: await readFile(file, 'utf8') })
      return start(file)
    },
  })
  return { done, io, signals, files }
}

async function interrupt(signals: EventEmitter): Promise<void> {
  while (signals.listenerCount('SIGINT') === 0) await settle()
  signals.emit('SIGINT', 'SIGINT')
}

describe('mapgate demo', () => {
  test('starts directory and gateway with its ports, prints lines, and removes what it made', async () => {
    const port = await freePorts()
    const { done, io, signals, files } = await run(port)
    await interrupt(signals)
    expect(await done).toBe(0)
    expect(io.out()).toContain(`socketmap:inet:127.0.0.1:${port}:aliases`)
    expect(io.out()).toContain(`--admin http://127.0.0.1:${port + 2}`)
    const [{ file, text } = { file: '', text: '' }] = files
    const ports = [...text.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1]) - port)
    expect(new Set(ports)).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('ends with the terminal that it was started in', async () => {
    const { done, signals } = await run(await freePorts())
    while (signals.listenerCount('SIGHUP') === 0) await settle()
    signals.emit('SIGHUP', 'SIGHUP')
    expect(await done).toBe(0)
  })

  test('ports that overlap the usual ones are not mixed up', async () => {
    const { demoConfig } = await import('../../../src/commands/demo/demo-config.ts')
    const example = new URL('../../../examples/demo.yaml', import.meta.url).pathname
    const { file, remove } = await demoConfig(example, demoPorts(8465))
    onTestFinished(remove)
    const text = await readFile(file, 'utf8')
    expect(text).toMatch(/protocol: socketmap\n {4}listen: inet:127\.0\.0\.1:8465\n/)
    expect(text).toMatch(/protocol: tcp_table\n {4}listen: inet:127\.0\.0\.1:8466\n/)
    expect(text).toMatch(/admin:\n {2}listen: inet:127\.0\.0\.1:8467\n/)
    expect(text).toContain('http://127.0.0.1:8468')
    expect(text).toMatch(/protocol: policy\n {4}listen: inet:127\.0\.0\.1:8469\n/)
    expect(text).toMatch(/protocol: sasl\n {4}listen: inet:127\.0\.0\.1:8470\n/)
  })

  test('the usual ports need no copy of the file', async () => {
    const { demoConfig } = await import('../../../src/commands/demo/demo-config.ts')
    const config = await demoConfig('/examples/demo.yaml', demoPorts(8464))
    expect(config.file).toBe('/examples/demo.yaml')
    await config.remove()
  })

  for (const offset of [0, 1, 2, 3, 4]) {
    test(`a taken port ${offset} after the first is named, with a choice that works`, async () => {
      const first = await freePorts()
      await listen(first + offset)
      const { done } = await run(first)
      const error: unknown = await done.catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        exitCode: 69,
        message: expect.stringContaining(`port ${first + offset} of 127.0.0.1 is taken`),
      })
      const choice = Number(/--port (\d+)$/.exec(String(error))?.[1])
      expect(await takenPort(demoPorts(choice))).toBeUndefined()
    })
  }

  test('a gateway that does not start takes the directory with it', async () => {
    const { done } = await run(await freePorts(), LISTENING, () => Promise.reject(new Error('no')))
    await expect(done).rejects.toThrow('no')
  })

  test('a directory that ends by itself ends the demo', async () => {
    const { done } = await run(
      await freePorts(),
      `${LISTENING}\nprocess.on('message', () => {})\nsetTimeout(() => process.exit(), 20)`,
    )
    await expect(done).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining('has ended by itself'),
    })
  })
})

describe('startDirectory', () => {
  test('gives the process id and ends it', async () => {
    const directory = await startDirectory(await scriptOf(LISTENING), '/data', 7)
    expect(directory.port).toBe(7)
    expect(() => process.kill(directory.pid, 0)).not.toThrow()
    await directory.stop()
    expect(() => process.kill(directory.pid, 0)).toThrow(/ESRCH/)
  })

  test('ends a directory that was stopped as the printed lines propose', async () => {
    const directory = await startDirectory(await scriptOf(LISTENING), '/data', 7)
    process.kill(directory.pid, 'SIGSTOP')
    await directory.stop()
    expect(() => process.kill(directory.pid, 0)).toThrow(/ESRCH/)
  })

  const failures: [code: string, why: string][] = [
    ["process.send({ failed: 'EADDRINUSE' }); process.disconnect()", 'it says EADDRINUSE'],
    ['process.exit(3)', 'it ended at once'],
  ]
  for (const [code, why] of failures) {
    test(`says: ${why}`, async () => {
      await expect(startDirectory(await scriptOf(code), '/data', 7)).rejects.toMatchObject({
        exitCode: 69,
        message: `the demo's HTTP directory does not start on port 7: ${why}`,
      })
    })
  }
})

describe('findPostmap', () => {
  test('is the word where PATH has it, with a configuration where Postfix has none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, 'postmap'), '', { mode: 0o755 })
    const path = `/nonexistent:${folder}`
    expect(await findPostmap(path, 'own folder', join(folder, 'postmap'))).toBe('postmap')
    expect(await findPostmap(path, 'own folder', '/nonexistent/main.cf')).toBe("postmap -c 'own folder'")
  })

  test('is never taken from a PATH that is not set', async () => {
    expect([undefined, '/usr/sbin/postmap -c own']).toContain(
      await findPostmap(undefined, 'own', '/nonexistent/main.cf'),
    )
  })
})

describe('tryLines', () => {
  const shown = {
    ports: demoPorts(8464),
    directoryPid: 4711,
    mapgate: 'mapgate',
    postmap: undefined,
    configFile: 'examples/demo.yaml',
    dataFolder: 'examples/directory',
  }

  test('with the usual ports no address is needed', () => {
    expect(tryLines(shown)).toContain('  mapgate status --watch\n')
    expect(tryLines(shown)).not.toContain('--admin')
  })

  test('says that postmap comes with Postfix where there is none', () => {
    expect(tryLines(shown)).toContain('which is not installed here')
    expect(tryLines({ ...shown, postmap: '/usr/sbin/postmap' })).toContain('  /usr/sbin/postmap -q sales@')
  })
})
