/**
 * docs/limits.md against the code: its table of constants is what `node scripts/limits.mjs` makes of the
 * sources, and its prose names only what there is.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const document = readFileSync(`${ROOT}docs/limits.md`, 'utf8')

test('the constants are those of the code, each with its reason: after a change run `node scripts/limits.mjs`', () => {
  const made = execFileSync(process.execPath, [`${ROOT}scripts/limits.mjs`, '--print'], { encoding: 'utf8' })
  expect(document).toBe(made)
  expect(made.match(/\| src\//g)?.length).toBeGreaterThan(60)
})

test('the prose names only constants and settings that there are', () => {
  const [prose = '', table = ''] = document.split('<!-- constants')
  const settings = readFileSync(`${ROOT}docs/configuration.md`, 'utf8')
  const names = Array.from(prose.matchAll(/`([A-Z][A-Z0-9_]{3,})`/g), ([, name]) => name ?? '')
  const unknown = names.filter((name) => !table.includes(`\`${name}\``) && name !== 'ADMIN_LIMITS')
  const keys = Array.from(prose.matchAll(/`(?:[\w[\]]+\.)*([a-z][A-Za-z]+)`/g), ([, key]) => key ?? '')
  expect(unknown).toEqual([])
  expect(keys.filter((key) => !settings.includes(key))).toEqual([])
})

test('no test takes its limit from the code, where a wrong one would pass', () => {
  const folder = `${ROOT}test/`
  const taken = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => limitsIn(readFileSync(folder + file, 'utf8')).map((name) => `${file} ${name}`))
  // Compared with the figure that the page of the API has.
  expect(taken).toEqual(['unit/admin/documented.test.ts MAX_WATCHERS'])
  expect(
    limitsIn("import {\n  A_MS,\n  type B,\n} from '../src/a.ts'\nimport { C_MS } from './c.ts'"),
  ).toEqual(['A_MS'])
})

/** Limits that a test imports from src. */
function limitsIn(text: string): string[] {
  const imported = text.matchAll(/^import (?:type )?\{([^}]*)\} from '(?:\.\.\/)+src\//gm)
  const names = Array.from(imported, ([, list = '']) => list.split(',').map((name) => name.trim())).flat()
  return names.filter((name) => /^(?:MAX|MIN|LAG)_[A-Z_]+$|^[A-Z_]+_(?:MS|BYTES|LENGTH)$/.test(name))
}
