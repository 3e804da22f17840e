/**
 * The pages of docs/postfix/: each has the same parts, its configuration has no problem and no
 * warning, and its main.cf lines are those that the program prints.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mainCf } from '../../src/commands/main-cf/lines.ts'
import type { LoadedConfig } from '../../src/config/load.ts'
import { POSTFIX_PARAMETERS } from '../../src/config/postfix-parameters.ts'
import { ANY_USER } from '../../src/config/this-user.ts'
import { searchKeys } from '../../src/core/search/search-keys.ts'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { parseServer } from '../../src/protocols/client-target.ts'
import { PROTOCOLS } from '../../src/protocols/registry.ts'
import { ROOT } from '../packaging/run.ts'
import { httpTable } from '../support/gateway/settings.ts'
import { codeBlocks, configurations, readDocument } from './markdown.ts'

const FOLDER = 'docs/postfix'
const OTHER_PAGES = [
  'README.md',
  'differences.md',
  'inbound-server.md',
  'sql-and-ldap-options.md',
  'submission.md',
  'wire.md',
]
const HEADINGS = [
  'The table',
  'The route of the service',
  'main.cf',
  'What an answer means to Postfix',
  'Pitfalls',
]

const pages = readdirSync(join(ROOT, FOLDER)).filter((name) => !OTHER_PAGES.includes(name))

/** Every option of pgsql_table(5), mysql_table(5) and ldap_table(5) that decides what is found. */
const OPTIONS =
  'hosts server_host server_port user password dbname query query_filter result_format result_attribute domain expansion_limit size_limit recursion_limit select_field table where_field additional_conditions select_function encoding timeout bind bind_dn bind_pw search_base scope special_result_attribute leaf_result_attribute terminal_result_attribute idle_interval retry_interval require_result_set option_file tls_cert_file tls_key_file tls_CAfile start_tls version debuglevel dereference chase_referrals cache'.split(
    ' ',
  )

async function configurationOf(page: string) {
  const [block] = configurations(`${FOLDER}/${page}`)
  // Its folders are those of a machine with Postfix.
  const text = (block?.text ?? '').replaceAll(/\$\{(?:file|credential):[^}]*\}/g, 'a-secret-of-mapgate')
  return parseConfig(text, page, {
    tryFolder: async () => undefined,
    lookAtPath: async (path) => (path.endsWith('/cache') ? 'file' : 'folder'),
  })
}

function isProof(name: string, { tables }: LoadedConfig): boolean {
  return Array.from(tables.values()).some(({ cache }) => cache?.staleNotFound?.ifFoundIn === name)
}

describe('the pages about Postfix parameters', () => {
  test('are those that people use', () => {
    expect(pages.length).toBe(13)
  })

  test('are all in the index, which links nothing else', () => {
    const links = [...readDocument(`${FOLDER}/README.md`).matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, to]) => to)
    expect([...new Set(links)].sort()).toEqual(
      [...pages, ...OTHER_PAGES.filter((name) => name !== 'README.md')].sort(),
    )
  })

  describe.each(pages)('%s', (page) => {
    test('has the parts that every page has', () => {
      const headings = [...readDocument(`${FOLDER}/${page}`).matchAll(/^## (.+)$/gm)].map(([, text]) => text)
      expect(headings).toEqual(HEADINGS)
    })

    test('has a configuration without a problem and with no warning that a table does not fit', async () => {
      const config = await configurationOf(page)
      expect(config.warnings).toEqual([])
      for (const { name, usedBy } of config.tables.values()) {
        expect(usedBy.length).toBe(1)
        // A table that another one names as its proof has a page of its own.
        if (isProof(name, config)) continue
        expect(POSTFIX_PARAMETERS.has(usedBy[0] ?? '')).toBe(true)
        expect(readDocument(`${FOLDER}/${page}`)).toMatch(new RegExp(`^# .*${usedBy[0]}`, 'm'))
      }
    })

    test('has the main.cf lines that the program prints, over every protocol', async () => {
      const printed = codeBlocks(`${FOLDER}/${page}`).find(({ language }) => language === 'text')?.text
      expect(printed).toBe(mainCf(await configurationOf(page)))
      const endpoints = [...(printed ?? '').matchAll(/(?:socketmap|tcp):\S+/g)].map(([text]) => text)
      for (const endpoint of endpoints) expect(parseServer(endpoint, PROTOCOLS)).toBeDefined()
      expect(endpoints.some((text) => text.startsWith('socketmap:inet:'))).toBe(true)
      expect(endpoints.some((text) => text.startsWith('socketmap:unix:mapgate/'))).toBe(true)
      expect(endpoints.some((text) => text.startsWith('tcp:'))).toBe(true)
    })

    test('asks the service for keys that such a table has', async () => {
      const config = await configurationOf(page)
      const paths = [...readDocument(`${FOLDER}/${page}`).matchAll(/`GET \/v1(\/\S+)`/g)].map(
        ([, path]) => path,
      )
      expect(paths.length).toBeGreaterThanOrEqual(2)
      const prefixes = Array.from(config.tables.values(), (table) =>
        httpTable(table).request?.path?.replace('{key}', ''),
      )
      for (const path of paths) {
        expect(prefixes.some((prefix) => prefix !== undefined && path?.startsWith(prefix))).toBe(true)
      }
    })
  })
})

test('the page of submission has a configuration without a problem, and the main.cf lines of it', async () => {
  const config = await configurationOf('submission.md')
  expect(config.warnings).toEqual([])
  const printed = codeBlocks(`${FOLDER}/submission.md`).find(({ language }) => language === 'text')?.text
  expect(printed).toBe(mainCf(config))
})

test('the page of a whole server has a configuration without a problem, and its main.cf every line that is printed for it', async () => {
  const config = await configurationOf('inbound-server.md')
  expect(config.warnings).toEqual([])
  const mainCfText =
    codeBlocks(`${FOLDER}/inbound-server.md`).find(({ mark }) => mark === 'main.cf')?.text ?? ''
  // Restrictions are put into a list of one's own, and a login belongs into master.cf.
  const printed = mainCf(config)
    .split('\n')
    .filter((line) => /^[a-z_]+ = /.test(line) && !/restrictions|^check_/.test(line))
  expect(printed.filter((line) => !mainCfText.split('\n').includes(line))).toEqual([])
  expect(printed.length).toBeGreaterThan(6)
})

test.each(['docs/protocols/proxymap.md', 'docs/upstreams/store.md'])(
  '%s has a configuration without a warning, and the main.cf lines that are printed for it',
  async (page) => {
    const [block] = configurations(page)
    const config = await parseConfig(block?.text ?? '', page, {
      tryFolder: async () => undefined,
      trySocket: async () => undefined,
      user: ANY_USER,
      lookAtPath: async () => 'folder',
      readFile: async (path) =>
        path === '/etc/group' ? 'postfix:x:115:\n' : 'a-token-of-32-characters-or-more-0',
    })
    expect(config.warnings).toEqual([])
    const printed = mainCf(config)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    const shown = codeBlocks(page).map(({ text }) => text)
    expect(printed.length).toBeGreaterThan(2)
    expect(shown).toContain(`${printed.join('\n')}\n`)
  },
)

test('the page of options has every option of the SQL and LDAP tables', () => {
  const text = readDocument(`${FOLDER}/sql-and-ldap-options.md`)
  expect(OPTIONS.filter((option) => !text.includes(`\`${option}\``))).toEqual([])
})

describe('the page of differences', () => {
  const options = {
    recipientDelimiter: '+',
    localDomains: new Set<string>(),
    parentDomainMatchesSubdomains: false,
  }
  const keys = (kind: 'address' | 'transport', key: string) =>
    searchKeys(kind, key, options).map((one) => one.key)

  test('is right about quoted local parts', () => {
    expect(keys('address', '"a,b"@example.com')).toEqual([
      '"a,b"@example.com',
      'a,b@example.com',
      '@example.com',
    ])
  })

  test('is right about address literals', () => {
    expect(keys('transport', 'user@[192.0.2.1]')).toEqual(['user@[192.0.2.1]', '[192.0.2.1]', '*'])
  })

  test('is right about long domains', () => {
    const long = `${'a.'.repeat(128)}example`
    const parents = Array.from({ length: 125 }, (_, at) => `.${'a.'.repeat(124 - at)}example`)
    expect(keys('transport', `user@${long}`)).toEqual([`user@${long}`, long, ...parents, '*'])
  })
})
