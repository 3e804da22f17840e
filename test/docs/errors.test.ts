/**
 * docs/errors.md against the code: every reason that a lookup may carry stands there, and nothing
 * that the code no longer says.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../packaging/run.ts'
import { readDocument } from './markdown.ts'

/** Folders whose reasons Postfix may be told; clients and the library have their own callers. */
const FOLDERS = ['core', 'upstreams']

/** `…` for every part that varies. */
const plain = (text: string) => text.replace(/\$\{[^}]*\}/g, '…')

/** The reasons in calls such as `temporary('status', 'text')` and `unreadable('text')`, and in the tables of failures.ts. */
function reasonsInCode(): string[] {
  const reasons = new Set<string>()
  for (const folder of FOLDERS) {
    for (const path of readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || path.startsWith('function/')) continue
      const code = readFileSync(join(ROOT, 'src', folder, path), 'utf8')
      const calls = /\b(?:temporary|permanent)\(\s*'[a-z-]+',\s*(['`"])((?:(?!\1).)+)\1/g
      for (const [, , text = ''] of code.matchAll(calls)) reasons.add(plain(text))
      for (const [, text = ''] of code.matchAll(/\bunreadable\('([^']+)'\)/g)) {
        reasons.add(`the service's reply ${text}`)
      }
      for (const [, , text = ''] of code.matchAll(/_REASON = (['"])(.+)\1$/gm)) reasons.add(text)
    }
  }
  return Array.from(reasons)
}

/** The second column of both tables, without its quotes. */
function reasonsInDocument(): string[] {
  const rows = readDocument('docs/errors.md').matchAll(/^\| `[a-z-]+` \| `(.+?)` \|/gm)
  return Array.from(rows, ([, reason = '']) => reason)
}

/** Not from the code of an answer, or part of a longer reason in the document. */
const ELSEWHERE: readonly string[] = [
  'stopping', // only between parts of mapgate
  'the service answered ……', // status and hint: the document has a row for each
  'an upstream said "not modified" to a question without a condition', // a defect
]

describe('docs/errors.md', () => {
  const documented = reasonsInDocument()
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => plain(readFileSync(join(ROOT, 'src', path), 'utf8')).replace(/\\'/g, "'"))
    .join('\n')

  test('has every reason of the code', () => {
    const inCode = reasonsInCode()
    expect(inCode.length).toBeGreaterThan(20)
    const missing = inCode.filter(
      (reason) =>
        !ELSEWHERE.includes(reason) &&
        !documented.some((row) => row === reason || row.startsWith(`${reason}: …`)),
    )
    expect(missing).toEqual([])
  })

  test('has no reason that the code does not say', () => {
    expect(documented.length).toBeGreaterThan(40)
    // A reason may be put together from two texts: each part must be somewhere.
    const unknown = documented.filter((reason) => {
      const parts = reason
        .split(/…|a web page|a compressed body|^the service's reply |^TLS with the service failed: /)
        .map((part) => part.trim())
        .filter((part) => part.length > 3)
      return !parts.every((part) => sources.includes(part))
    })
    expect(unknown).toEqual([])
  })
})
