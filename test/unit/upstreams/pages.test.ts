/**
 * The manual pages of the upstream kinds, and that nothing else names one. To write the pages again:
 *   npx vitest run --project unit test/unit/upstreams/pages.test.ts -u
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  kindFolders,
  kindIndex,
  kindPage,
  kindReadme,
  REQUIRED_SECTIONS,
  SECTIONS,
} from '../../../scripts/docs/upstreams.ts'
import { UPSTREAM_KINDS } from '../../../src/upstreams/registry.ts'
import { compares } from '../../support/source/names.ts'

const SRC = new URL('../../../src/', import.meta.url)

test('every kind of the registry has a folder of its name; the function and the replica have one too', () => {
  expect(kindFolders()).toEqual([...UPSTREAM_KINDS.keys(), 'function', 'replica'].sort())
})

for (const folder of kindFolders()) {
  describe(`the manual page of ${folder}`, () => {
    test('has its sections, in order', () => {
      const sections = Array.from(kindReadme(folder).matchAll(/^## (.*)$/gm), ([, title]) => title)
      expect(sections).toEqual(SECTIONS.filter((section) => sections.includes(section)))
      expect(sections).toEqual(expect.arrayContaining([...REQUIRED_SECTIONS]))
    })

    test('is the page in docs, with no mark left', async () => {
      const page = kindPage(folder, UPSTREAM_KINDS.get(folder)?.configuration)
      expect(page).not.toMatch(/<!-- [a-z]+ -->/)
      await expect(page).toMatchFileSnapshot(`../../../docs/upstreams/${folder}.md`)
    })
  })
}

test('the list of the pages has a line for each', async () => {
  await expect(kindIndex()).toMatchFileSnapshot('../../../docs/upstreams/README.md')
})

test('no file outside its folder compares with the name of a kind', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const naming = files.filter((file) => {
    const [, own] = /^upstreams\/([a-z]+)\//.exec(file) ?? []
    const text = readFileSync(new URL(file, SRC), 'utf8')
    return [...UPSTREAM_KINDS.keys()].some((kind) => kind !== own && compares(text, kind))
  })
  expect([files.length > 100, naming]).toEqual([true, []])
})
