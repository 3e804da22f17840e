import { describe, expect, test } from 'vitest'
import { passedSocket } from '../../../src/server/systemd.ts'

describe('passedSocket', () => {
  const passed = { LISTEN_PID: '42', LISTEN_FDS: '2', LISTEN_FDNAMES: 'admin:mapgate' }

  test('counts descriptors from 3', () => {
    expect(passedSocket('admin', { environment: passed, pid: 42 })).toBe(3)
    expect(passedSocket('mapgate', { environment: passed, pid: 42 })).toBe(4)
  })

  test('ignores names of descriptors that were not passed', () => {
    const environment = { ...passed, LISTEN_FDS: '1' }
    expect(() => passedSocket('mapgate', { environment, pid: 42 })).toThrow(
      'systemd passed no socket named "mapgate" but admin; set FileDescriptorName=mapgate in the socket unit',
    )
  })

  const none: [what: string, environment: object][] = [
    ['nothing', {}],
    ['sockets for another process', { ...passed, LISTEN_PID: '43' }],
    ['no number of sockets', { ...passed, LISTEN_FDS: 'two' }],
    ['no process', { ...passed, LISTEN_PID: undefined }],
  ]
  for (const [what, environment] of none) {
    test(`says so when the environment has ${what}`, () => {
      expect(() => passedSocket('mapgate', { environment, pid: 42 })).toThrow(
        'systemd passed no sockets to this process',
      )
    })
  }
})
