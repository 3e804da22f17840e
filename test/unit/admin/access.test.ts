import { describe, expect, test } from 'vitest'
import { type Access, AccessRules } from '../../../src/admin/access.ts'
import { ProblemError } from '../../../src/admin/problem.ts'
import type { Role } from '../../../src/config/config.ts'
import { OPERATOR_TOKEN, SETTINGS, VIEWER_TOKEN } from '../../support/admin/admin-ports.ts'

const VIEWER = `Bearer ${VIEWER_TOKEN}`
const OPERATOR = `Bearer ${OPERATOR_TOKEN}`

/** The role of a request that is let through, else status and code of the problem. */
function outcome(rules: AccessRules, access: Access, authorization: string | undefined): string {
  try {
    return rules.check(access, authorization)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return `${error.document.status} ${error.document.code}`
  }
}

describe('AccessRules', () => {
  const cases: [
    anonymous: Role | 'none',
    access: Access,
    authorization: string | undefined,
    expected: string,
  ][] = [
    ['none', 'open', undefined, 'none'],
    ['none', 'viewer', undefined, '401 token-needed'],
    ['none', 'viewer', VIEWER, 'viewer'],
    ['none', 'viewer', OPERATOR, 'operator'],
    ['none', 'operator', VIEWER, '403 role-too-low'],
    ['none', 'operator', OPERATOR, 'operator'],
    ['none', 'metrics', undefined, '401 token-needed'],
    ['viewer', 'viewer', undefined, 'viewer'],
    ['viewer', 'metrics', undefined, 'viewer'],
    ['viewer', 'operator', undefined, '401 token-needed'],
    ['viewer', 'operator', OPERATOR, 'operator'],
    ['operator', 'operator', undefined, 'operator'],
    // A token that is not known is refused even where none is needed: somebody has a wrong one.
    ['operator', 'viewer', 'Bearer unknown', '401 token-unknown'],
    ['viewer', 'viewer', `bearer ${VIEWER_TOKEN}`, 'viewer'],
    ['viewer', 'viewer', `Bearer   ${VIEWER_TOKEN} `, 'viewer'],
    ['viewer', 'viewer', 'Bearer', '401 token-unknown'],
    ['viewer', 'viewer', `Basic ${VIEWER_TOKEN}`, '401 token-unknown'],
    ['viewer', 'viewer', '', '401 token-unknown'],
    ['viewer', 'viewer', `${VIEWER}x`, '401 token-unknown'],
    ['viewer', 'viewer', VIEWER.slice(0, -1), '401 token-unknown'],
  ]
  for (const [anonymous, access, authorization, expected] of cases) {
    test(`anonymous ${anonymous}: ${access} with ${authorization ?? 'no token'} gives ${expected}`, () => {
      expect(outcome(new AccessRules({ ...SETTINGS, anonymous }), access, authorization)).toBe(expected)
    })
  }

  test('metrics: open lets anybody read the metrics and nothing else', () => {
    const rules = new AccessRules({ ...SETTINGS, anonymous: 'none', metrics: 'open' })
    expect(outcome(rules, 'metrics', undefined)).toBe('none')
    expect(outcome(rules, 'viewer', undefined)).toBe('401 token-needed')
  })

  test('where no token exists, none is asked for', () => {
    const rules = new AccessRules({ ...SETTINGS, tokens: [] })
    expect(outcome(rules, 'operator', undefined)).toBe('403 role-too-low')
  })

  test('no problem text names a token', () => {
    const rules = new AccessRules(SETTINGS)
    for (const authorization of [VIEWER, 'Bearer unknown-token']) {
      try {
        rules.check('operator', authorization)
      } catch (error) {
        expect(JSON.stringify((error as ProblemError).document)).not.toContain(authorization.slice(7))
      }
    }
    expect.assertions(2)
  })
})
