import { describe, expect, test } from 'vitest'
import {
  classifyFailure,
  failureReply,
} from '../../../../../src/upstreams/http-client/connection/failures.ts'

/** The failures that can be made to happen are in test/integration/upstreams/failures.test.ts. */
const withCode = (code: string): Error => Object.assign(new Error('x'), { code })

describe('an error code', () => {
  const cases: [code: string, cause: string, tls: boolean, closed: boolean][] = [
    ['EAI_AGAIN', 'connect', false, false],
    ['EHOSTUNREACH', 'connect', false, false],
    ['EMFILE', 'connect', false, false],
    ['EACCES', 'connect', false, false],
    ['EPIPE', 'connect', false, true],
    ['ETIMEDOUT', 'timeout', false, false],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', false, false],
    ['CERT_HAS_EXPIRED', 'connect', true, false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connect', true, false],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'connect', true, false],
    ['EPROTO', 'connect', true, false],
    ['UND_ERR_PRX_TLS', 'connect', true, false],
    ['HPE_INVALID_CONSTANT', 'unreadable', false, false],
  ]
  for (const [code, cause, tls, closed] of cases) {
    test(`${code} is ${cause}`, () => {
      const failure = classifyFailure(withCode(code))
      expect([failure?.cause, failure?.tls, failure?.closed]).toStrictEqual([cause, tls, closed])
    })
  }

  test('may stand in what caused the error', () => {
    expect(classifyFailure(new Error('x', { cause: withCode('ECONNREFUSED') }))?.cause).toBe('connect')
  })

  for (const error of [
    new TypeError('x'),
    withCode('UND_ERR_INVALID_ARG'),
    withCode('ERR_ASSERTION'),
    'text',
    undefined,
  ]) {
    test(`that is in no table is no outcome: ${String(error)}`, () => {
      expect(classifyFailure(error)).toBeUndefined()
    })
  }
})

test('only what was not sent may be sent elsewhere at once', () => {
  const failure = classifyFailure(withCode('ECONNRESET'))
  if (failure === undefined) return expect.unreachable('no failure')
  expect(
    (['unsent', 'sent', 'replying'] as const).map((progress) => failureReply(failure, progress).retry),
  ).toStrictEqual(['not-sent', 'any', 'any'])
})
