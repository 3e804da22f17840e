/**
 * The catalogues of reasons: docs/errors.md is made of them, and no reason stands anywhere else.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorsPage } from '../../scripts/docs/errors.ts'
import { CLIENT_REASONS } from '../../src/client/reasons.ts'
import { CHECK_PROBLEMS } from '../../src/config/checks/problems.ts'
import { FILE_PROBLEMS } from '../../src/config/problems.ts'
import { permanentFor, type ReasonCatalogue, temporaryFor } from '../../src/core/reason.ts'
import { CORE_REASONS } from '../../src/core/reasons.ts'
import { EVENT_TEXTS } from '../../src/observability/event-texts.ts'
import { REPLY_REASONS } from '../../src/protocols/client-result.ts'
import { PROTOCOLS } from '../../src/protocols/registry.ts'
import type { ProblemCatalogue } from '../../src/schema/problem.ts'
import { NAME_PROBLEMS } from '../../src/schema/scope.ts'
import { SESSION_ERRORS } from '../../src/server/errors.ts'
import { functions } from '../../src/upstreams/function/kind.ts'
import { UPSTREAM_KINDS } from '../../src/upstreams/registry.ts'

const CATALOGUES: Readonly<Record<string, ReasonCatalogue>> = {
  CORE_REASONS,
  // No file can have the kind of the library, so the registry has it not.
  ...Object.assign({}, ...[...UPSTREAM_KINDS.values(), functions].map(({ reasons }) => reasons)),
  ...Object.fromEntries(
    [...PROTOCOLS.values()].map(({ name, reasons = {} }) => [`${name.toUpperCase()}_REASONS`, reasons]),
  ),
}
const ERRORS = {
  ...Object.fromEntries([...PROTOCOLS.values()].map(({ name, errors }) => [name, errors])),
  'every one': SESSION_ERRORS,
}
/** What is wrong with a configuration. */
const PROBLEMS: readonly ProblemCatalogue[] = [
  FILE_PROBLEMS,
  NAME_PROBLEMS,
  CHECK_PROBLEMS,
  ...[...PROTOCOLS.values()].map(({ problems = {} }) => problems),
  ...[...UPSTREAM_KINDS.values()].map(({ configuration }) => configuration?.problems ?? {}),
]
/** What clients say by themselves; no gateway says it to Postfix. */
const OF_CLIENTS: Readonly<Record<string, ReasonCatalogue>> = {
  CLIENT_REASONS,
  REPLY_REASONS,
  ...Object.fromEntries(
    [...PROTOCOLS.values()].map(({ name, client }) => [
      `${name.toUpperCase()}_CLIENT_REASONS`,
      client?.reasons ?? {},
    ]),
  ),
}

const ENTRIES = Object.entries({ ...CATALOGUES, ...OF_CLIENTS }).flatMap(([catalogue, reasons]) =>
  Object.entries(reasons).map(([name, entry]) => ({ ...entry, name: `${catalogue}.${name}` })),
)
const TEXTS = ENTRIES.map(({ text }) => text)

/** Folders that have reasons. */
const sources = ['core', 'upstreams', 'protocols', 'client', 'server'].flatMap((folder) =>
  readdirSync(new URL(`../../src/${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/reasons?\.ts$/.test(path))
    .map((path) => ({
      path: `${folder}/${path}`,
      text: readFileSync(new URL(`../../src/${folder}/${path}`, import.meta.url), 'utf8'),
    })),
)

describe('the catalogue', () => {
  test('is docs/errors.md', async () => {
    const page = errorsPage({
      gateway: Object.values(CATALOGUES),
      clients: Object.values(OF_CLIENTS),
      errors: ERRORS,
      problems: PROBLEMS,
      events: EVENT_TEXTS,
    })
    await expect(page).toMatchFileSnapshot('../../docs/errors.md')
  })

  for (const { name, text, advice } of ENTRIES) {
    test(`${name} is a short line that names no address, and says what to do`, () => {
      expect(text).toMatch(/^[\x20-\x7e…]{5,150}$/)
      expect(text).not.toMatch(/https?:\/\/\w|\d+\.\d+\.\d+|@/)
      expect(advice).toMatch(/^[^|\n]{5,}$/)
    })
  }

  test('has no sentence twice for one cause', () => {
    const rows = ENTRIES.map(({ cause, text }) => `${cause}: ${text}`)
    expect(rows.filter((row, index) => rows.indexOf(row) !== index)).toEqual([])
  })
})

describe('the problems of a configuration', () => {
  const all = PROBLEMS.flatMap((catalogue) => Object.entries(catalogue))
  const files = readdirSync(new URL('../../src', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('/problems.ts'))
    .map((path) => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8'))
    .join('\n')

  test('have a code of words each, and no code twice', () => {
    const codes = all.map(([code]) => code)
    expect(codes.length).toBeGreaterThan(170)
    expect(codes.filter((code) => !/^[a-z]+(?:-[a-z]+)+$/.test(code))).toEqual([])
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
  })

  test('are all said', () => {
    expect(all.map(([code]) => code).filter((code) => !files.includes(`'${code}'`))).toEqual([])
  })
})

test('every sentence about an event is said', () => {
  const files = readdirSync(new URL('../../src/observability', import.meta.url), { encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'event-texts.ts')
    .map((path) => readFileSync(new URL(`../../src/observability/${path}`, import.meta.url), 'utf8'))
    .join('\n')
  expect(Object.keys(EVENT_TEXTS).filter((code) => !files.includes(`'${code}'`))).toEqual([])
})

describe('a reason', () => {
  test('gets what varies, in order', () => {
    const entry = { cause: 'status', text: 'upstream …: a pause of … s', advice: 'wait' } as const
    expect(temporaryFor(entry, 'directory', 7)).toEqual({
      kind: 'temporary',
      cause: 'status',
      reason: 'upstream directory: a pause of 7 s',
    })
  })

  test('that varies in nothing is the sentence itself', () => {
    const entry = { cause: 'refused', text: 'the service refuses', advice: 'look' } as const
    expect(permanentFor(entry)).toEqual({
      kind: 'permanent',
      cause: 'refused',
      reason: 'the service refuses',
    })
  })
})

describe('the code', () => {
  /** Internal, never told to Postfix. */
  const INTERNAL = ['an upstream said "not modified" to a question without a condition']

  test('says no reason that is not in a catalogue: add it to the reasons.ts of its folder', () => {
    const literals =
      /\b(?:temporary|permanent|failed)\(\s*(?:response, )?'[a-z-]+',\s*(['`"])((?:(?!\1).)+)\1/g
    const parts = /\bunreadable\((['"])((?:(?!\1).)+)\1\)/g
    const replies =
      /\b(?:retryReply|percentQuote|encodeReason)\((?:'[A-Z]+', )?(['"])((?:(?!\1).)* (?:(?!\1).)*)\1/g
    const requests = /(['"`])(bad request: .+)\1/g
    const constants = /_REASON =\s*(['"])(.+)\1$/gm
    const said = sources.flatMap(({ path, text }) => [
      ...Array.from(text.matchAll(constants), ([, , reason = '']) => `${path}: ${reason}`),
      ...Array.from(text.matchAll(replies), ([, , reason = '']) => `${path}: ${reason}`),
      ...Array.from(text.matchAll(requests), ([, , reason = '']) => `${path}: ${reason}`),
      ...Array.from(text.matchAll(literals), ([, , reason = '']) => `${path}: ${plain(reason)}`),
      ...Array.from(text.matchAll(parts), ([, , reason = '']) => `${path}: the service's reply ${reason}`),
    ])
    const reasonOf = (line: string): string => line.slice(line.indexOf(': ') + 2)
    const unknown = said.filter(
      (line) => !TEXTS.includes(reasonOf(line)) && !INTERNAL.includes(reasonOf(line)),
    )
    // Put together of two parts that the catalogues have.
    expect(unknown.filter((line) => !/the (?:service answered …|table's answer )…$/.test(line))).toEqual([])
  })

  test('uses every reason of the catalogues', () => {
    const all = sources.map(({ text }) => plain(text).replaceAll("\\'", "'")).join('\n')
    const unused = ENTRIES.filter(({ name, text }) => {
      if (all.includes(name)) return false
      // A sentence may be put together of two texts: each part must be somewhere.
      const pieces = text
        .split(
          /…|a web page|a compressed body|the reply of a proxy or of a router without such a route|^the (?:service's reply|table's answer) /,
        )
        .map((piece) => piece.trim())
        .filter((piece) => piece.length > 3)
      return !pieces.every((piece) => all.includes(piece))
    })
    expect(unused.map(({ name }) => name)).toEqual([])
  })
})

/** `…` for every part that varies. */
function plain(text: string): string {
  return text.replace(/\$\{[^}]*\}/g, '…')
}
