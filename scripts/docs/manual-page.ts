/**
 * A manual page out of the README.md that stands beside the code: its marks filled, its links as seen from docs.
 */
import { readFileSync } from 'node:fs'

/** The manual page of one folder, as it is written. */
export function readmeOf(folders: URL, folder: string): string {
  return readFileSync(new URL(`${folder}/README.md`, folders), 'utf8')
}

/**
 * The page in a folder of docs.
 *
 * @param source Where the text is written, from the root of the repository.
 * @param test The test that writes the page.
 * @param tables What comes from the code, in place of `<!-- NAME -->`.
 */
export function manualPage(
  text: string,
  source: string,
  test: string,
  tables: Readonly<Record<string, readonly string[]>>,
): string {
  const note = madeFrom(`${source} by a test; to change it, change that and run`, test)
  let page = text.replace(/^# .*$/m, (title) => `${title}\n\n${note}`)
  for (const [mark, lines] of Object.entries(tables))
    page = page.replace(`<!-- ${mark} -->`, lines.join('\n'))
  return page
    .replaceAll('](../../../docs/', '](../')
    .replace(/\]\(\.\.\/\.\.\/([a-z-]+\/[a-z-]+)\/README\.md\)/g, (_link, page: string) => `](../${page}.md)`)
    .replace(/\]\(\.\.\/([a-z-]+)\/README\.md\)/g, (_link, folder: string) => `](${folder}.md)`)
}

/** The remark at the head of a page that a test writes. */
export function madeFrom(what: string, test: string): string {
  return `<!-- Made from ${what}\n     npx vitest run --project unit ${test} -u -->`
}
