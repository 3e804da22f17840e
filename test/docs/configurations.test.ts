/**
 * Every whole configuration in the documents is one that the program accepts.
 */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { configurations, documents, readDocument } from './markdown.ts'

const SECRET = 'a-secret-of-the-tests-0123456789'
const blocks = documents().flatMap(configurations)

/** The commands that need the role operator, as the documents write them. */
const OPERATOR_COMMAND = /`mapgate (?:drill|confirm-loss|purge|replica (?:accept|reject|refresh)|store) /

/** Pages about one table, or about nothing but tables, whose reader has an admin section already: they link who may. */
const WITHOUT_ADMIN = [
  'docs/migrate-from-sql.md',
  'docs/postfix/smtpd_sender_login_maps.md',
  'docs/service.md',
]

describe('the configurations in the documents', () => {
  test('are found', () => {
    expect(blocks.length).toBeGreaterThan(8)
  })

  for (const { file, line, text } of blocks) {
    test(`${file}:${line} has no problem`, async () => {
      const env = new Proxy({}, { get: () => SECRET })
      // A snippet that shows a listener only becomes whole with the shortest of the rest.
      const rest = /^tables:/m.test(text)
        ? ''
        : 'upstreams: { s: { entries: { a: b } } }\ntables: { t: { upstream: s } }\n'
      const readFile = async (path: string) => (path === '/etc/group' ? 'postfix:x:115:\n' : SECRET)
      // Its folders are those of a machine with Postfix.
      const lookAtPath = async () => 'folder' as const
      const { admin, listeners } = await parseConfig(text + rest, file, {
        env,
        readFile,
        lookAtPath,
        tryFolder: async () => undefined,
      })
      expect(listeners.length).toBeGreaterThan(0)
      // Only root may look into this folder: the package's service gets its files as credentials.
      expect(text).not.toContain('{file:/etc/mapgate/secrets')
      if (
        !/^tables:/m.test(text) ||
        file === 'docs/configuration.md' ||
        !OPERATOR_COMMAND.test(readDocument(file))
      )
        return
      if (WITHOUT_ADMIN.includes(file)) {
        expect(readDocument(file)).toContain('admin-api.md#who-may-do-what')
      } else {
        const roles = [admin?.anonymous, ...(admin?.tokens ?? []).map(({ role }) => role)]
        expect(roles, 'who may run the commands of the page').toContain('operator')
      }
    })
  }
})
