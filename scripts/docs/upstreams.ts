/**
 * docs/upstreams: the manual page of each upstream kind, out of the README.md in its folder and what its code declares.
 */
import { readdirSync } from 'node:fs'
import type { SchemaNode } from '../../src/schema/node.ts'
import type { UpstreamSettingsKind } from '../../src/schema/settings-kind.ts'
import { keysTable } from './configuration.ts'
import { madeFrom, manualPage, readmeOf } from './manual-page.ts'

const KIND_FOLDERS = new URL('../../src/upstreams/', import.meta.url)
const TEST = 'test/unit/upstreams/pages.test.ts'

/** Sections that a manual page may have, in this order. Those of {@link REQUIRED_SECTIONS} must be there. */
export const SECTIONS = ['Name', 'Description', 'Syntax', 'Settings', 'Answers', 'Metrics', 'Limits'] as const

/** A kind that no configuration file can have has neither settings nor metrics. */
export const REQUIRED_SECTIONS = ['Name', 'Description', 'Syntax', 'Answers', 'Limits'] as const

/** What several kinds use, and no kind. */
const SHARED = 'http-client'

/** The folders of all kinds, which are the names of their pages. */
export function kindFolders(): readonly string[] {
  return readdirSync(KIND_FOLDERS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => name !== SHARED)
    .sort()
}

/** The manual page as it is written, without what comes from the code. */
export function kindReadme(folder: string): string {
  return readmeOf(KIND_FOLDERS, folder)
}

/** The whole page of one kind. @param configuration What a configuration file may say; none for the library's kind. */
export function kindPage(folder: string, configuration: UpstreamSettingsKind | undefined): string {
  return manualPage(kindReadme(folder), `src/upstreams/${folder}/README.md`, TEST, {
    settings: configuration === undefined ? [] : keysTable(configuration.settings as SchemaNode),
  })
}

/** The list of the pages: a line of the section "Name" each. */
export function kindIndex(): string {
  const rows = kindFolders().map((folder) => {
    const [, summary = ''] = /^## Name\n\n\S+ - (.*)$/m.exec(kindReadme(folder)) ?? []
    return `| [${folder}](${folder}.md) | ${summary} |`
  })
  return `# Upstream kinds

${madeFrom('the README.md files in src/upstreams by a test; run', TEST)}

What a table may ask (\`upstreams\` in [configuration.md](../configuration.md)):

| kind | |
| --- | --- |
${rows.join('\n')}
`
}
