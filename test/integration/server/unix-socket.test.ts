/**
 * The file of a unix socket: whose it is, who may use it, and when it goes.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ListenerSettings } from '../../../src/server/settings.ts'
import { socketmapSettings, talkTo, testDirectory, testListener } from '../../support/wire/sockets.ts'

const isRoot = process.getuid?.() === 0

function unixSettings(path: string, changes: Partial<ListenerSettings> = {}): ListenerSettings {
  return socketmapSettings({ address: { kind: 'unix', path }, name: `unix:${path}`, ...changes })
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

/** A socket file that nobody listens at any more, as a crash leaves it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(`${path}.bound`, resolve))
  // Node removes the name that it bound; under another name the file stays.
  renameSync(`${path}.bound`, path)
  await new Promise((resolve) => server.close(resolve))
}

describe('a unix socket', () => {
  for (const [mode, written] of [
    [0o600, '600'],
    [0o660, '660'],
    [0o666, '666'],
  ] as const) {
    test(`has the mode ${written} that was asked for, whatever the mask of the process`, async () => {
      const path = `${testDirectory()}/s`
      const mask = process.umask(0o077)
      onTestFinished(() => {
        process.umask(mask)
      })
      await testListener(unixSettings(path, { mode }))
      expect(modeOf(path)).toBe(written)
      expect(process.umask()).toBe(0o077)
      expect(readdirSync(path.slice(0, -2))).toEqual(['s'])
    })
  }

  test('takes over the file that a crashed program left', async () => {
    const path = `${testDirectory()}/s`
    await leaveStaleSocket(path)
    const { listener } = await testListener(unixSettings(path))
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
  })

  test('is not taken from a program that answers there', async () => {
    const path = `${testDirectory()}/s`
    const { listener } = await testListener(unixSettings(path))
    await expect(testListener(unixSettings(path))).rejects.toThrow(`another program answers at ${path}`)
    await talkTo(listener.bound)
  })

  test('does not replace a file that is no socket', async () => {
    const path = `${testDirectory()}/s`
    writeFileSync(path, 'precious')
    await expect(testListener(unixSettings(path))).rejects.toThrow('exists and is not a socket')
    expect(statSync(path).isFile()).toBe(true)
  })

  test('is removed when the listener closes or drains', async () => {
    const path = `${testDirectory()}/s`
    const first = await testListener(unixSettings(path))
    await first.listener.close()
    expect(existsSync(path)).toBe(false)
    const second = await testListener(unixSettings(path))
    await second.listener.drain()
    expect(existsSync(path)).toBe(false)
  })

  test('is left alone at the end when another program has put its own there', async () => {
    const path = `${testDirectory()}/s`
    const { listener } = await testListener(unixSettings(path))
    rmSync(path)
    const successor = await testListener(unixSettings(path))
    await listener.close()
    expect(existsSync(path)).toBe(true)
    await talkTo(successor.listener.bound)
  })

  test('gets a new mode by an update', async () => {
    const path = `${testDirectory()}/s`
    const { listener } = await testListener(unixSettings(path))
    listener.update(unixSettings(path, { mode: 0o600 }))
    expect(modeOf(path)).toBe('600')
  })

  test('in a directory that does not exist says so', async () => {
    const path = `${testDirectory()}/missing/s`
    await expect(testListener(unixSettings(path))).rejects.toThrow(
      `cannot listen on unix:${path}: the directory ${path.slice(0, -2)} does not exist; create it`,
    )
  })

  test('of an unknown owner or group says so and leaves no file', async () => {
    const directory = testDirectory()
    await expect(testListener(unixSettings(`${directory}/s`, { owner: 'nobody-here' }))).rejects.toThrow(
      '/etc/passwd has no owner named "nobody-here"; check the name or give its number',
    )
    await expect(testListener(unixSettings(`${directory}/s`, { group: 'nothing-here' }))).rejects.toThrow(
      '/etc/group has no group named "nothing-here"',
    )
    expect(readdirSync(directory)).toEqual([])
  })

  test.skipIf(!isRoot)(
    'belongs to the user and group that were asked for, by name or number (needs root)',
    async () => {
      const directory = testDirectory()
      await testListener(unixSettings(`${directory}/named`, { owner: 'daemon', group: 'mail' }))
      await testListener(unixSettings(`${directory}/numbered`, { owner: '12345', group: '23456' }))
      const number = (flag: string, name: string) => Number(execFileSync('id', [flag, name]))
      const named = statSync(`${directory}/named`)
      expect([named.uid, named.gid]).toEqual([number('-u', 'daemon'), 8])
      const numbered = statSync(`${directory}/numbered`)
      expect([numbered.uid, numbered.gid]).toEqual([12_345, 23_456])
    },
  )

  test.skipIf(!isRoot)(
    'without the right to its owner, group or directory says how to get it (needs root)',
    async () => {
      const directory = testDirectory()
      chmodSync(directory, 0o777)
      mkdirSync(`${directory}/closed`, 0o700)
      const asNobody = async (path: string, changes: Partial<ListenerSettings>) => {
        process.seteuid?.(65_534)
        try {
          await testListener(unixSettings(path, changes))
          return 'opened'
        } catch (error) {
          return String(error)
        } finally {
          process.seteuid?.(0)
        }
      }
      expect(await asNobody(`${directory}/s`, { owner: '0' })).toContain(
        'not permitted to give the socket file the owner 0; start mapgate as that user, or with the capability CAP_CHOWN',
      )
      expect(await asNobody(`${directory}/s`, { group: '8' })).toContain(
        'not permitted to give the socket file the group 8; make the user of mapgate a member of the group (usermod -aG 8 USER)',
      )
      expect(await asNobody(`${directory}/closed/s`, {})).toContain(
        'not permitted; choose a folder that mapgate may write, or let its user write this one (EACCES)',
      )
    },
  )
})

describe('a TCP port', () => {
  test('that is taken says so', async () => {
    const { listener } = await testListener()
    const settings = socketmapSettings({ address: listener.bound, name: 'inet:127.0.0.1:8464' })
    await expect(testListener(settings)).rejects.toThrow(
      'cannot listen on inet:127.0.0.1:8464: another program listens there; stop it or choose another address (EADDRINUSE)',
    )
  })

  test('of an address that this machine does not have says so', async () => {
    const address = { kind: 'inet', host: '192.0.2.1', port: 0 } as const
    await expect(testListener(socketmapSettings({ address }))).rejects.toThrow(
      'this machine has no such address',
    )
  })
})
