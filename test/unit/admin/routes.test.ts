import { describe, expect, test } from 'vitest'
import { admin, codeOf, OPERATOR, PROTECTED, VIEWER } from './routes-set-up.ts'

describe('roles', () => {
  for (const [role, method, url, body] of PROTECTED) {
    test(`${method} ${url} is for a ${role}`, async () => {
      const { ask } = await admin({ settings: { anonymous: 'none' } })
      expect(codeOf(await ask(method, url, { 'x-mapgate': '1' }, body))).toBe('401 token-needed')
      expect(codeOf(await ask(method, url, { authorization: 'Bearer wrong', 'x-mapgate': '1' }, body))).toBe(
        '401 token-unknown',
      )
      const asViewer = await ask(method, url, VIEWER, body)
      if (role === 'viewer') expect(asViewer.statusCode).toBe(200)
      else expect(codeOf(asViewer)).toBe('403 role-too-low')
      expect((await ask(method, url, OPERATOR, body)).statusCode).toBe(200)
    })
  }

  for (const url of ['/livez', '/readyz', '/', '/openapi.json', '/docs']) {
    test(`GET ${url} is open`, async () => {
      const { ask } = await admin({ settings: { anonymous: 'none' } })
      expect((await ask('GET', url)).statusCode).toBe(200)
    })
  }

  test('every route that is not in the lists above is one of the open ones', async () => {
    const { ask } = await admin()
    const { paths } = (await ask('GET', '/openapi.json')).json<{ paths: Record<string, object> }>()
    const known = PROTECTED.map(([, , url]) =>
      url
        .replace(/\?.*/, '')
        .replace('/tables/aliases', '/tables/{table}')
        .replace('/entries/bob', '/entries/{key}'),
    )
    const open = ['/livez', '/readyz', '/', '/page/{file}', '/openapi.json']
    // /api/v1/events is tested over a real socket; a drill is ended in a test of its own.
    const elsewhere = ['/api/v1/events', '/api/v1/drills/{upstream}']
    expect(new Set(Object.keys(paths))).toEqual(new Set([...known, ...open, ...elsewhere]))
  })

  test('/docs shows every route without a script or an exception for styles', async () => {
    const { ask } = await admin()
    const { body, headers } = await ask('GET', '/docs')
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(body).toContain('<code>POST /api/v1/reload</code>')
    expect(body).not.toContain('<script')
  })

  for (const path of [
    '/docs/static/..',
    '/docs/static/%2e%2e/x',
    '/docs/%00',
    '/page/..%2f..',
    '/%ff',
    '/docs/x',
  ]) {
    test(`GET ${path} is a problem and no defect`, async () => {
      const { ask, program } = await admin()
      const { statusCode, headers } = await ask('GET', path)
      expect([400, 404]).toContain(statusCode)
      expect(headers['content-type']).toContain('application/problem+json')
      expect(program.defects).toEqual([])
    })
  }

  test('a change asks for a token before it reads the body', async () => {
    const { ask, program } = await admin()
    expect(
      codeOf(
        await ask('PUT', '/api/v1/log-level', { 'x-mapgate': '1', 'content-type': 'application/json' }, '{'),
      ),
    ).toBe('401 token-needed')
    expect(program.level).toBe('info')
  })
})
