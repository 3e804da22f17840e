/**
 * The manual pages of the protocols, and that nothing else names one. To write the pages again:
 *   npx vitest run --project unit test/unit/protocols/pages.test.ts -u
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { folderOf, protocolIndex, protocolPage, readme, SECTIONS } from '../../../scripts/docs/protocols.ts'
import { found } from '../../../src/core/result.ts'
import type { Protocol } from '../../../src/protocols/protocol.ts'
import { PROTOCOLS } from '../../../src/protocols/registry.ts'
import { SESSION_ERRORS } from '../../../src/server/errors.ts'
import { hasLiteral } from '../../support/source/names.ts'
import { sampleValue } from '../../support/wire/sample-values.ts'

const SRC = new URL('../../../src/', import.meta.url)

for (const protocol of PROTOCOLS.values()) {
  describe(`the manual page of ${protocol.name}`, () => {
    test('has every section, in order', () => {
      const sections = Array.from(readme(protocol).matchAll(/^## (.*)$/gm), ([, title]) => title)
      expect(sections).toEqual([...SECTIONS])
    })

    test('shows a request that is one, and its reply', () => {
      const [, lines = '', reply = ''] = /^((?:C {2}.*\n)+)S {2}(.*)$/m.exec(readme(protocol)) ?? []
      const request = lines.replace(/^C {2}/gm, '').slice(0, -1)
      const conversation = protocol.accept({ settings: protocol.example, random: () => 0 })
      // Of several lines the empty one at the end is not shown.
      const end = request.includes('\n') ? '\n' : ''
      conversation.push(Buffer.from(wireOf(request) + end))
      expect(conversation.next()).toMatchObject({ kind: 'ask', key: Buffer.from('info@lighthouse.example') })
      const value = sampleValue(protocol, 'alice@lighthouse.example')
      expect(conversation.reply(found(value))).toBe(wireOf(reply) + end)
    })

    test('is the page in docs', async () => {
      await expect(protocolPage(protocol)).toMatchFileSnapshot(
        `../../../docs/protocols/${folderOf(protocol)}.md`,
      )
    })

    test('names no error that docs/metrics.md does not list', () => {
      expect(listedErrors()).toEqual(expect.arrayContaining(Object.keys(protocol.errors)))
    })
  })
}

test('the list of the pages is that of the registry', async () => {
  await expect(protocolIndex()).toMatchFileSnapshot('../../../docs/protocols/README.md')
})

test('docs/metrics.md lists the errors of all protocols and of every connection, and no others', () => {
  const errors = [...PROTOCOLS.values()].flatMap(({ errors }: Protocol) => Object.keys(errors))
  expect(listedErrors().sort()).toEqual([...new Set([...errors, ...Object.keys(SESSION_ERRORS)])].sort())
})

test('docs/metrics.md lists the values of the label `protocol`', () => {
  const [, row = ''] = /^\| `protocol` \| (.*) \|$/m.exec(metricsPage()) ?? []
  const values = Array.from(row.matchAll(/`([a-z_]+)`/g), ([, value]) => value)
  expect(values.sort()).toEqual([...PROTOCOLS.keys(), 'admin'].sort())
})

test('no file outside its folder names a protocol, but the demo', () => {
  const names = [...PROTOCOLS.keys()]
  const folders = [...PROTOCOLS.values()].map((protocol) => `protocols/${folderOf(protocol)}/`)
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const naming = files.filter((file) => {
    if (file.startsWith('commands/demo/') || folders.some((folder) => file.startsWith(folder))) return false
    const text = readFileSync(new URL(file, SRC), 'utf8')
    return names.some((name) => hasLiteral(text, name))
  })
  expect([files.length > 100, naming]).toEqual([true, []])
})

test('a protocol is one line of the registry, its folder imported by nobody else but the library', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const importing = files.flatMap((file) => {
    const text = readFileSync(new URL(file, SRC), 'utf8')
    return Array.from(text.matchAll(/from '([^']+)'/g), ([, target = '']) => {
      const path = new URL(target, new URL(file, SRC)).pathname.slice(SRC.pathname.length)
      const [, folder, module] = /^protocols\/([^/]+)\/(.+)$/.exec(path) ?? []
      const isOwn = folder === undefined || folder === 'framing' || file.startsWith(`protocols/${folder}/`)
      return isOwn ? [] : [`${file}: ${folder}/${module}`]
    }).flat()
  })
  expect(importing.filter((line) => !line.startsWith('library/')).sort()).toEqual([
    'protocols/registry.ts: memcache/protocol.ts',
    'protocols/registry.ts: policy/protocol.ts',
    'protocols/registry.ts: proxymap/protocol.ts',
    'protocols/registry.ts: sasl/protocol.ts',
    'protocols/registry.ts: socketmap/protocol.ts',
    'protocols/registry.ts: tcp-table/protocol.ts',
  ])
  const registry = readFileSync(new URL('protocols/registry.ts', SRC), 'utf8')
  expect(registry.match(/^ {2}\w+, *(?:\/\/)?$/gm)).toHaveLength(6)
})

/** The bytes of an example: a newline at the end of a line cannot be seen, a carriage return before it is written. */
function wireOf(example: string): string {
  if (example.includes('\\r\\n')) return example.replaceAll('\\r\\n', '\r\n')
  if (example.endsWith('||')) return example.replaceAll('|', '\0')
  return example.endsWith(',') ? example : `${example}\n`
}

/** The row of docs/metrics.md. */
function listedErrors(): string[] {
  const [, row = ''] = /^\| `kind` of protocol errors \| (.*) \|$/m.exec(metricsPage()) ?? []
  return row.split(', ').map((word) => word.replaceAll('`', ''))
}

function metricsPage(): string {
  return readFileSync(new URL('../docs/metrics.md', SRC), 'utf8')
}
