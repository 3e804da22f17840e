import { describe, expect, test } from 'vitest'
import { passedSockets, requireServed } from '../../../src/server/systemd.ts'

const PASSED = { LISTEN_PID: '42', LISTEN_FDS: '2', LISTEN_FDNAMES: 'admin:mapgate' }

describe('passedSockets', () => {
  const cases: [what: string, environment: object, name: string, fds: number[]][] = [
    ['the first', PASSED, 'admin', [3]],
    ['the second', PASSED, 'mapgate', [4]],
    ['all of one name', { ...PASSED, LISTEN_FDS: '3', LISTEN_FDNAMES: 'a:b:a' }, 'a', [3, 5]],
    ['those without a name as "unknown"', { ...PASSED, LISTEN_FDNAMES: undefined }, 'unknown', [3, 4]],
    ['those behind the last name as "unknown"', { ...PASSED, LISTEN_FDNAMES: 'admin' }, 'unknown', [4]],
    ['an empty name as "unknown"', { ...PASSED, LISTEN_FDNAMES: ':mapgate' }, 'unknown', [3]],
  ]
  for (const [what, environment, name, fds] of cases) {
    test(`finds ${what}`, () => {
      expect(passedSockets(name, { environment, pid: 42 })).toEqual(fds)
    })
  }

  const others: [what: string, environment: object, message: string][] = [
    [
      'another name',
      { ...PASSED, LISTEN_FDS: '1' },
      'systemd passed no socket named "mapgate" but "admin"; set FileDescriptorName=mapgate in the socket unit',
    ],
    [
      'no name',
      { ...PASSED, LISTEN_FDS: '1', LISTEN_FDNAMES: undefined },
      'systemd passed no socket named "mapgate" but one without a name; set FileDescriptorName=mapgate in the socket unit',
    ],
    [
      'no names',
      { ...PASSED, LISTEN_FDNAMES: '' },
      'systemd passed no socket named "mapgate" but 2 without names; set FileDescriptorName=mapgate in the socket unit',
    ],
  ]
  for (const [what, environment, message] of others) {
    test(`says what was passed when there is ${what}`, () => {
      expect(() => passedSockets('mapgate', { environment, pid: 42 })).toThrow(message)
    })
  }

  for (const [what, environment] of withoutSockets()) {
    test(`says so when the environment has ${what}`, () => {
      expect(() => passedSockets('mapgate', { environment, pid: 42 })).toThrow(
        'systemd passed no sockets to this process',
      )
    })
  }
})

describe('requireServed', () => {
  test('refuses a socket that nothing serves, by its name', () => {
    expect(() => requireServed(new Set(['mapgate']), { environment: PASSED, pid: 42 })).toThrow(
      'systemd opened a socket named "admin" that nothing here serves, so its clients would wait for ever; add a listener with listen: "systemd:admin", or remove the socket from its unit and restart both',
    )
  })

  test('takes a configuration that serves all', () => {
    expect(requireServed(new Set(['mapgate', 'admin']), { environment: PASSED, pid: 42 })).toBeUndefined()
  })

  for (const [what, environment] of withoutSockets()) {
    test(`takes any configuration when the environment has ${what}`, () => {
      expect(requireServed(new Set(), { environment, pid: 42 })).toBeUndefined()
    })
  }
})

function withoutSockets(): [what: string, environment: object][] {
  return [
    ['nothing', {}],
    ['sockets for another process', { ...PASSED, LISTEN_PID: '43' }],
    ['no number of sockets', { ...PASSED, LISTEN_FDS: 'two' }],
    ['a fraction of sockets', { ...PASSED, LISTEN_FDS: '1.5' }],
    ['no sockets', { ...PASSED, LISTEN_FDS: '0' }],
    ['no process', { ...PASSED, LISTEN_PID: undefined }],
  ]
}
