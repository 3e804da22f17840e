/**
 * `mapgate query` of a table that is asked by attributes, against an admin API that is played by a real HTTP service.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { query } from '../../../src/commands/query/query.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const FOUND = { kind: 'found', value: 'a@x.example, b@x.example' }

describe('mapgate query TABLE NAME=VALUE', () => {
  const NEEDS = { kind: 'permanent', cause: 'bad-request', reason: 'this table is asked by attributes' }

  async function asked(words: readonly string[], options = {}, stdin: readonly string[] = []) {
    const service = await startHttpService({ onTestFinished })
    service.otherwise = ({ method }) => ({
      json: { table: 'greylist', key: '', result: method === 'POST' ? FOUND : NEEDS },
    })
    const io = recordIo({ stdin })
    const code = await query('greylist', words, { admin: service.origin, ...options }, io)
    const posted = service.requests.flatMap(({ method, body }) => (method === 'POST' ? JSON.parse(body) : []))
    const urls = service.requests.map(({ method, url }) => `${method} ${url}`)
    return { code, posted, urls, out: io.out(), err: io.err() }
  }

  test('asks by attributes, in the body of a request', async () => {
    const { code, posted, urls, out } = await asked(['sender=', 'recipient=b@x.example'])
    expect([code, out]).toEqual([0, 'a@x.example, b@x.example\n'])
    expect(urls).toEqual(['POST /api/v1/tables/greylist/lookup'])
    expect(posted).toEqual([
      {
        attributes: [
          { name: 'sender', value: '' },
          { name: 'recipient', value: 'b@x.example' },
        ],
      },
    ])
  })

  test('asks for one word as a key first, since a key may have an equals sign', async () => {
    const { urls, posted } = await asked(['sender=a@x.example'], { explain: true, bypassCache: true })
    expect(urls).toEqual([
      'GET /api/v1/tables/greylist/lookup?key=sender%3Da%40x.example&explain=true&cache=bypass',
      'POST /api/v1/tables/greylist/lookup',
    ])
    expect(posted).toEqual([
      { attributes: [{ name: 'sender', value: 'a@x.example' }], explain: true, cache: 'bypass' },
    ])
  })

  test('says what is needed where the word is none', async () => {
    expect(await asked(['b@x.example'])).toMatchObject({
      code: 77,
      posted: [],
      err: 'mapgate query: permanent (bad-request): this table is asked by attributes\n',
    })
  })

  test('reads the password of a login, and prints it nowhere', async () => {
    const { code, posted, out, err } = await asked(['user=bob'], { json: true }, ['gEheim\n'])
    expect([code, posted]).toEqual([
      0,
      [
        {
          attributes: [
            { name: 'user', value: 'bob' },
            { name: 'password', value: 'gEheim' },
          ],
        },
      ],
    ])
    expect(out + err).not.toContain('gEheim')
    expect(JSON.parse(out)).toMatchObject({ key: 'user=bob' })
  })

  test('reads a token where that is named, and nothing for a policy', async () => {
    expect((await asked(['user=bob', 'token=-'], {}, ['t0k\n'])).posted).toEqual([
      {
        attributes: [
          { name: 'user', value: 'bob' },
          { name: 'token', value: 't0k' },
        ],
      },
    ])
    expect((await asked(['client_address=192.0.2.1', 'sender=a@x.example'])).code).toBe(0)
  })
})
