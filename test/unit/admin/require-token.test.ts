import { describe, expect, test } from 'vitest'
import type { AdminSettings } from '../../../src/admin/ports.ts'
import { requireTokenBeyondLoopback } from '../../../src/admin/require-token.ts'
import { SETTINGS } from '../../support/admin/admin-ports.ts'

function inet(host: string): AdminSettings['address'] {
  return { kind: 'inet', host, port: 0 }
}

describe('requireTokenBeyondLoopback', () => {
  const cases: [host: string, refused: boolean][] = [
    ['127.0.0.1', false],
    ['127.9.9.9', false],
    ['::1', false],
    ['localhost', false],
    ['0.0.0.0', true],
    ['::', true],
    ['192.0.2.7', true],
    ['128.0.0.1', true],
    ['mapgate.example', true],
  ]
  for (const [host, refused] of cases) {
    test(`${refused ? 'refuses' : 'allows'} ${host} without a token, and allows it with one`, () => {
      const settings = { address: inet(host), tokens: [] }
      if (refused) expect(() => requireTokenBeyondLoopback(settings)).toThrow('configure admin.tokens')
      else expect(() => requireTokenBeyondLoopback(settings)).not.toThrow()
      expect(() => requireTokenBeyondLoopback({ ...settings, tokens: SETTINGS.tokens })).not.toThrow()
    })
  }

  test('allows a unix socket', () => {
    expect(() =>
      requireTokenBeyondLoopback({ address: { kind: 'unix', path: '/run/a' }, tokens: [] }, '/run/a'),
    ).not.toThrow()
  })

  test('an inherited socket counts as what it is bound to', () => {
    const settings = { address: { kind: 'systemd', name: 'admin' }, tokens: [] } as const
    expect(() => requireTokenBeyondLoopback(settings)).not.toThrow()
    expect(() =>
      requireTokenBeyondLoopback(settings, { address: '127.0.0.1', family: 'IPv4', port: 1 }),
    ).not.toThrow()
    expect(() => requireTokenBeyondLoopback(settings, { address: '::', family: 'IPv6', port: 1 })).toThrow(
      'admin.tokens',
    )
  })
})
