/**
 * docs/protocols: the manual page of each protocol, out of the README.md in its folder and what its code declares.
 */
import type { Protocol } from '../../src/protocols/protocol.ts'
import { PROTOCOLS } from '../../src/protocols/registry.ts'
import type { SchemaNode } from '../../src/schema/node.ts'
import { keysTable } from './configuration.ts'
import { madeFrom, manualPage, readmeOf } from './manual-page.ts'

const PROTOCOL_FOLDERS = new URL('../../src/protocols/', import.meta.url)
const TEST = 'test/unit/protocols/pages.test.ts'

/** Sections that every manual page has, in this order, as a manual page of Unix has them. */
export const SECTIONS = [
  'Name',
  'Description',
  'Syntax',
  'Replies',
  'Settings',
  'Errors',
  'Examples',
  'Limits',
] as const

/** The folder of a protocol, and the name of its page. */
export function folderOf({ name }: Protocol): string {
  return name.replaceAll('_', '-')
}

/** The manual page as it is written, without what comes from the code. */
export function readme(protocol: Protocol): string {
  return readmeOf(PROTOCOL_FOLDERS, folderOf(protocol))
}

/** The whole page of one protocol. */
export function protocolPage(protocol: Protocol): string {
  return manualPage(readme(protocol), `src/protocols/${folderOf(protocol)}/README.md`, TEST, {
    settings: keysTable(protocol.settings as SchemaNode),
    errors: errorsTable(protocol),
  })
}

/** The list of the pages. */
export function protocolIndex(): string {
  const rows = Array.from(
    PROTOCOLS.values(),
    (protocol) => `| [${protocol.name}](${folderOf(protocol)}.md) | ${protocol.summary} |`,
  )
  return `# Protocols

${madeFrom('src/protocols/registry.ts by a test; run', TEST)}

What mail servers may speak to a listener (\`protocol\` in [configuration.md](../configuration.md)); which to choose and why: [choose-a-protocol.md](../choose-a-protocol.md).

| protocol | |
| --- | --- |
${rows.join('\n')}
`
}

function errorsTable({ errors }: Protocol): readonly string[] {
  const rows = Object.entries(errors).map(([kind, sentence]) => `| \`${kind}\` | ${sentence} |`)
  return ['| kind | meaning |', '| --- | --- |', ...rows]
}
