/**
 * The systemd units, as far as they can be judged without a running systemd: what
 * systemd-analyze(1) says, and the promises that only the text can break. That they are valid
 * with the program in place is tested with the installed package (deb-life.ts).
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { missingProgram, ROOT, run, skipWithout } from './run.ts'

const UNITS = join(ROOT, 'packaging/systemd')
/** Highest exposure that systemd-analyze security may find. Source: issue 7. */
const MAX_EXPOSURE = 2.0
const MIB = 1024 * 1024

/** All values of a key of a unit file. */
async function settings(unit: string, key: string): Promise<string[]> {
  const text = await readFile(join(UNITS, unit), 'utf8')
  return Array.from(text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm')), ([, value = '']) => value)
}

describe('mapgate.service', () => {
  beforeEach((context) => {
    const missing = missingProgram('systemd-analyze')
    skipWithout(context, missing && 'needs systemd-analyze: apt-get install systemd')
  })

  test('its exposure is at most 2.0 of 10', async () => {
    const { stdout } = await run('systemd-analyze', [
      'security',
      '--offline=true',
      '--no-pager',
      join(UNITS, 'mapgate.service'),
    ])
    const exposure = /Overall exposure level for mapgate\.service: ([\d.]+)/.exec(stdout)
    expect(Number(exposure?.[1])).toBeLessThanOrEqual(MAX_EXPOSURE)
  })

  test('a bad configuration, exit 78, is not started again and again; any other failure is', async () => {
    expect(await settings('mapgate.service', 'Restart')).toEqual(['on-failure'])
    expect(await settings('mapgate.service', 'RestartPreventExitStatus')).toEqual(['78'])
    expect(await settings('mapgate.service', 'StartLimitIntervalSec')).toEqual(['0'])
  })

  test('the heap limit leaves a quarter of the memory limit for everything else', async () => {
    const heap = /--max-old-space-size=(\d+)/.exec(
      (await settings('mapgate.service', 'Environment')).join(' '),
    )
    const [limit] = await settings('mapgate.service', 'MemoryMax')
    expect(limit).toBe('1G')
    expect(Number(heap?.[1]) * MIB).toBeLessThanOrEqual(0.75 * 1024 * MIB)
  })

  test('V8 may compile: memory may be written and then executed', async () => {
    expect(await settings('mapgate.service', 'MemoryDenyWriteExecute')).toEqual(['no'])
  })

  test('a unix listener may be given to a group: the filter allows chown(2) again after @privileged', async () => {
    const filters = (await settings('mapgate.service', 'SystemCallFilter')).map((value) => value.split(' '))
    const refused = filters.findLastIndex(([first = '']) => first.startsWith('~'))
    expect(filters.slice(refused + 1)).toContainEqual(['@chown'])
  })

  test('readiness is taken from systemd-notify, which is not the main process', async () => {
    expect(await settings('mapgate.service', 'Type')).toEqual(['notify'])
    expect(await settings('mapgate.service', 'NotifyAccess')).toEqual(['all'])
  })
})

test('one of several processes is the service, but for what each has for itself', async () => {
  const lines = async (unit: string) =>
    (await readFile(join(UNITS, unit), 'utf8')).split('\n').filter((line) => /^[[A-Z]/.test(line))
  const [alone, several] = [await lines('mapgate.service'), await lines('mapgate@.service')]
  expect(several.filter((line) => !alone.includes(line))).toEqual([
    'Description=mapgate %i, the gateway through which Postfix asks HTTP services',
    'Requires=mapgate@%i.socket',
    'Conflicts=mapgate.service',
    'RuntimeDirectory=mapgate/%i',
    'Environment=MAPGATE_INSTANCE=%i',
  ])
  expect(alone.filter((line) => !several.includes(line))).toEqual([
    'Description=mapgate, the gateway through which Postfix asks HTTP services',
    'RuntimeDirectory=mapgate',
  ])
})

test('the sockets of several processes are at one port', async () => {
  expect(await settings('mapgate@.socket', 'ReusePort')).toEqual(['yes'])
  expect(await settings('mapgate@.socket', 'ListenStream')).toEqual(['127.0.0.1:8464'])
  expect(await settings('mapgate@.socket', 'FileDescriptorName')).toEqual(['socketmap'])
})

test('the socket in the queue directory is for Postfix, and not for everybody', async () => {
  expect(await settings('mapgate.socket', 'ListenStream')).toEqual(['/var/spool/postfix/mapgate/socketmap'])
  expect(await settings('mapgate.socket', 'SocketGroup')).toEqual(['postfix'])
  expect(await settings('mapgate.socket', 'SocketMode')).toEqual(['0660'])
  expect(await settings('mapgate.socket', 'FileDescriptorName')).toEqual(['socketmap'])
})
