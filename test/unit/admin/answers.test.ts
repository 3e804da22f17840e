import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { found } from '../../../src/core/result.ts'
import { OPERATOR_TOKEN } from '../../support/admin/admin-ports.ts'
import { admin, OPERATOR, PROTECTED } from './routes-set-up.ts'

interface DocumentedRoute {
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>
}

describe('answers', () => {
  test('every answer tells the browser how little it may do', async () => {
    const { ask } = await admin()
    for (const url of ['/', '/api/v1/status', '/nosuch']) {
      const { headers } = await ask('GET', url)
      expect(headers['content-security-policy']).toContain(
        "default-src 'none';script-src 'self';style-src 'self'",
      )
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['x-frame-options']).toBe('DENY')
      expect(headers).not.toHaveProperty('strict-transport-security')
    }
    expect((await ask('GET', '/api/v1/status')).headers['cache-control']).toBe('no-store')
  })

  test('a file of the page is not sent again while it is the same', async () => {
    const { ask } = await admin()
    const first = await ask('GET', '/')
    const second = await ask('GET', '/', { 'if-none-match': String(first.headers.etag) })
    expect([first.headers['cache-control'], second.statusCode, second.body]).toEqual(['no-cache', 304, ''])
  })

  test('no JSON answer holds a secret, wherever it came from', async () => {
    const { ask, program, observability } = await admin()
    program.config = { admin: { tokens: [{ token: OPERATOR_TOKEN }] } }
    program.answer = () => found(`seen ${OPERATOR_TOKEN}`)
    program.report = { ok: false, issues: [`cannot use ${OPERATOR_TOKEN}`] }
    observability.eventLog.problem('lookup', '', `refused ${OPERATOR_TOKEN}`)
    for (const [, method, url, body] of PROTECTED) {
      expect((await ask(method, url, OPERATOR, body)).body).not.toContain(OPERATOR_TOKEN)
    }
  })

  test('every answer is what the OpenAPI document says', async () => {
    const { ask, observability, program } = await admin()
    observability.eventLog.problem('shed', 'directory', 'x')
    observability.observer
      .table('aliases')
      .answered(
        { protocol: 'admin', table: 'aliases', key: Buffer.alloc(0) },
        found('x'),
        'cache',
        1,
        undefined,
      )
    observability.observer.upstream('directory').requestEnded('0 dir.example', 'found', 3)
    observability.history.start()
    program.clock.advance(4000)
    const { paths } = (await ask('GET', '/openapi.json')).json<{
      paths: Record<string, Record<string, DocumentedRoute>>
    }>()
    const ajv = new Ajv2020({ strict: false })
    let checked = 0
    for (const [, method, url, body] of PROTECTED) {
      const path = url
        .replace(/\?.*/, '')
        .replace('/tables/aliases', '/tables/{table}')
        .replace('/entries/bob', '/entries/{key}')
      const schema =
        paths[path]?.[method.toLowerCase()]?.responses['200']?.content['application/json']?.schema
      if (schema === undefined) continue
      const validate = ajv.compile(schema)
      validate((await ask(method, url.replace('=bob', '=bob&explain=true'), OPERATOR, body)).json())
      expect([url, validate.errors]).toEqual([url, null])
      checked += 1
    }
    // All but /metrics.
    expect(checked).toBe(PROTECTED.length - 1)
  })
})

describe('access log', () => {
  test('names route, role and status, hides path and query, and keys as configured', async () => {
    const { ask, log } = await admin({ keys: 'none', level: 'debug' })
    await ask('GET', '/api/v1/tables/aliases/lookup?key=bob@lighthouse.example')
    await ask('DELETE', '/api/v1/tables/aliases/cache?key=bob@lighthouse.example', OPERATOR)
    await ask('GET', '/bob@lighthouse.example')
    const lines = await log.lines()
    expect(
      lines.map(({ level, method, route, status, role }) => [level, method, route, status, role]),
    ).toEqual([
      ['debug', 'GET', '/api/v1/tables/:table/lookup', 200, 'viewer'],
      ['info', 'DELETE', '/api/v1/tables/:table/cache', 200, 'operator'],
      ['info', 'GET', '', 404, 'none'],
    ])
    expect(JSON.stringify(lines)).not.toMatch(/bob|lighthouse/)
    expect(JSON.stringify(lines)).not.toContain(OPERATOR_TOKEN)
  })

  test('shows a key where keys are plain, and is silent about reading at info', async () => {
    const { ask, log } = await admin({ keys: 'plain', level: 'info' })
    await ask('GET', '/api/v1/tables/aliases/lookup?key=bob')
    await ask('DELETE', '/api/v1/tables/aliases/cache?key=bob', OPERATOR)
    expect((await log.lines()).map(({ method, key }) => [method, key])).toEqual([['DELETE', 'bob']])
  })

  test('writes fifty lines a second and says how many it left out', async () => {
    const { ask, log, program } = await admin({ level: 'info' })
    for (let n = 0; n < 60; n++) await ask('GET', '/nosuch')
    program.clock.advance(1000)
    await ask('GET', '/nosuch')
    const lines = await log.lines()
    expect([lines.length, lines.at(-1)?.suppressed]).toEqual([51, 10])
  })
})
