import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ADMIN_LIMITS } from '../../../src/admin/limits.ts'
import { PROBLEM_CODES } from '../../../src/admin/problem.ts'
import { MAX_WATCHERS } from '../../../src/observability/events.ts'
import { adminFixture } from '../../support/admin/admin-ports.ts'

const TEXT = readFileSync(new URL('../../../docs/admin-api.md', import.meta.url), 'utf8')

/** The first cell of every row of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = TEXT.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell)
}

describe('docs/admin-api.md', () => {
  test('has every route, and none that does not exist', async () => {
    const { server } = await adminFixture(onTestFinished)
    const routes = server.routes().filter((route) => !/^(HEAD|OPTIONS) | \/docs/.test(route))
    expect(firstCells('Routes').sort()).toEqual(
      routes.map((route) => route.replace(/:(\w+)/g, '{$1}')).sort(),
    )
  })

  test('has every code of a problem', () => {
    expect(firstCells('Problems').sort()).toEqual([...PROBLEM_CODES].sort())
  })

  test('states the limits as they are', () => {
    const {
      maxConnections,
      requestsPerWindow,
      maxLookups,
      requestTimeoutMs,
      idleTimeoutMs,
      maxBodyBytes,
      maxHeaderBytes,
    } = ADMIN_LIMITS
    const limits = TEXT.slice(TEXT.indexOf('## Limits')).replace(/\s+/g, ' ')
    expect(limits).toContain(
      `${maxConnections} connections, ${requestsPerWindow} requests a second from one address, ${maxLookups} lookups`,
    )
    expect(limits).toContain(
      `${requestTimeoutMs / 1000} s for a request to arrive, ${idleTimeoutMs / 1000} s without a byte moved`,
    )
    expect(TEXT).toContain(`no body here is longer than ${maxBodyBytes / 1024} KiB`)
    expect(TEXT).toContain(`request line and header fields have ${maxHeaderBytes / 1024} KiB together`)
    expect(TEXT).toContain(`There are at most ${MAX_WATCHERS} readers`)
  })
})
