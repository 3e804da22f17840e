/**
 * Every whole configuration in the documents is one that the program accepts.
 */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { configurations, documents } from './markdown.ts'

const SECRET = 'a-secret-of-the-tests-0123456789'
const blocks = documents().flatMap(configurations)

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
      const config = await parseConfig(text + rest, file, {
        env,
        readFile,
        lookAtPath,
        tryFolder: async () => undefined,
      })
      expect(config.listeners.length).toBeGreaterThan(0)
    })
  }
})
