/**
 * Every document that a file of this repository names is in it: a reader must be able to open it.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const OWN_NAME = 'test/unit/documents.test.ts'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '')
const documents = files.filter((file) => file.endsWith('.md'))

/** Names that stand for a document of somebody else, or for any. */
const NOT_OURS = /^(?:NAME|plugin|LICENSE|README)\.md$/

/** Where a package puts our documents. */
const INSTALLED = /^(?:usr\/share\/doc\/mapgate\/)/

/** Documents that a text names and nobody can open. */
function missingIn(text: string): string[] {
  const named = Array.from(text.matchAll(/(?<![\w*{}])(?:[\w.-]+\/)*[\w-]+\.md\b/g), ([name]) => name)
  return named.filter((name) => {
    const path = name.replace(/^(?:\.{1,2}\/)+/, '').replace(INSTALLED, '')
    if (NOT_OURS.test(basename(path))) return false
    return !documents.some((document) => document === path || document.endsWith(`/${path}`))
  })
}

/** Files and folders of the code that a text names and that are not there; `NAME` stands for any. */
function missingCode(text: string): string[] {
  const named = Array.from(
    text.matchAll(/`((?:[\w.-]+\/)*(?:[\w.-]+\.(?:ts|mjs)|[\w.-]+\/))`/g),
    ([, name = '']) => name,
  )
  return named.filter(
    (name) =>
      !name.includes('NAME') &&
      !files.some((file) => (name.endsWith('/') ? file.startsWith(name) : `/${file}`.endsWith(`/${name}`))),
  )
}

describe('documents', () => {
  test('that are named are there', () => {
    const missing = files
      .filter((file) => /\.(?:ts|mjs|md|yaml|css|html)$/.test(file) && file !== OWN_NAME)
      .flatMap((file) => missingIn(readFileSync(`${ROOT}${file}`, 'utf8')).map((name) => `${file}: ${name}`))
    expect(missing).toEqual([])
  })

  test('for those who change the code name files and folders that are there', () => {
    const missing = ['docs/architecture.md', 'docs/recipes.md', 'CONTRIBUTING.md'].flatMap((document) =>
      missingCode(readFileSync(`${ROOT}${document}`, 'utf8')).map((name) => `${document}: ${name}`),
    )
    expect(missing).toEqual([])
  })

  test('the finder of code sees what is missing, with and without a folder', () => {
    expect(
      missingCode('`src/core/result.ts`, `result.ts`, `src/no-such.ts`, `no-such.ts`, `src/none/`'),
    ).toEqual(['src/no-such.ts', 'no-such.ts', 'src/none/'])
  })

  test('are not named by what stands outside of the repository', () => {
    const outside = /\bdesign,? ["*]|Source: design|\bwire-facts\b/
    const citing = files
      .filter((file) => /\.(?:ts|mjs|md)$/.test(file) && file !== OWN_NAME)
      .filter((file) => outside.test(readFileSync(`${ROOT}${file}`, 'utf8')))
    expect(citing).toEqual([])
  })

  test('the finder sees a missing one, with and without a folder', () => {
    expect(missingIn('see no-such.md, docs/no-such.md and docs/caching.md, [a](../README.md)')).toEqual([
      'no-such.md',
      'docs/no-such.md',
    ])
  })
})
