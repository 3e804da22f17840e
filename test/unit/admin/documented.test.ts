import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ADMIN_LIMITS } from '../../../src/admin/limits.ts'
import { MAX_WATCHERS } from '../../../src/observability/events.ts'
import { adminFixture } from '../../support/admin/admin-ports.ts'
import { CODES, ROUTES } from './promised.ts'

const TEXT = readFileSync(new URL('../../../docs/admin-api.md', import.meta.url), 'utf8')

/** The first cell of every row of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = TEXT.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell)
}

/** The numbers of a part of the page, with what follows each. */
function numbers(from: string, to: string): string[] {
  const start = TEXT.indexOf(from)
  const part = TEXT.slice(start, TEXT.indexOf(to, start) + to.length).replace(/\s+/g, ' ')
  return [...part.matchAll(/(\d+) (KiB|s|\w+)/g)].map(([, number, unit]) => `${number} ${unit}`)
}

describe('docs/admin-api.md', () => {
  test('has every route, and none that does not exist', () => {
    expect(firstCells('Routes').sort()).toEqual([...ROUTES].sort())
  })

  test('has every code of a problem, and no other', () => {
    expect(firstCells('Problems').sort()).toEqual([...CODES].sort())
  })

  test('states the limits as they are', () => {
    expect(numbers('## Limits', 'without a byte moved')).toEqual([
      '256 connections',
      '300 requests',
      '20 lookups',
      '10 s',
      '100 s',
    ])
    expect(numbers('| `body-too-large`', 'KiB')).toEqual(['16 KiB'])
    expect(numbers('| `headers-too-large`', 'KiB')).toEqual(['64 KiB'])
    expect(numbers('There are at most', 'readers')).toEqual(['32 readers'])
  })
})

describe('the program', () => {
  test('serves the routes that are promised, and no other', async () => {
    const { server } = await adminFixture(onTestFinished)
    const routes = server.routes().filter((route) => !/^(HEAD|OPTIONS) | \/docs/.test(route))
    expect(routes.map((route) => route.replace(/:(\w+)/g, '{$1}')).sort()).toEqual([...ROUTES].sort())
  })

  test('has the limits that are stated', () => {
    expect(ADMIN_LIMITS).toMatchObject({
      maxConnections: 256,
      requestsPerWindow: 300,
      rateWindowMs: 1000,
      maxLookups: 20,
      requestTimeoutMs: 10_000,
      idleTimeoutMs: 100_000,
      maxBodyBytes: 16_384,
      maxHeaderBytes: 65_536,
    })
    expect(MAX_WATCHERS).toBe(32)
  })
})
