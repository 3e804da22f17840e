/**
 * An admin API that is asked without a socket.
 */
import type { InjectOptions, LightMyRequestResponse as Response } from 'fastify'
import { expect, onTestFinished } from 'vitest'
import {
  type AdminFixture,
  type AdminFixtureOptions,
  adminFixture,
  OPERATOR_TOKEN,
  VIEWER_TOKEN,
} from '../../support/admin/admin-ports.ts'

export type Ask = (
  method: InjectOptions['method'],
  url: string,
  headers?: Record<string, string>,
  body?: unknown,
) => Promise<Response>

export const OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}`, 'x-mapgate': '1' }

export const VIEWER = { authorization: `Bearer ${VIEWER_TOKEN}`, 'x-mapgate': '1' }

export async function admin(options?: AdminFixtureOptions): Promise<AdminFixture & { ask: Ask }> {
  const fixture = await adminFixture(onTestFinished, options)
  const ask: Ask = (method, url, headers = {}, body = undefined) =>
    fixture.server.app.inject({
      method,
      url,
      headers: { host: '127.0.0.1:8466', ...headers },
      ...(body !== undefined && { payload: body as object }),
    } as InjectOptions)
  return { ...fixture, ask }
}

export function codeOf(reply: Response): string {
  expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  const { type, status, title, code, detail } = reply.json<Record<string, unknown>>()
  expect({ type, status }).toEqual({ type: 'about:blank', status: reply.statusCode })
  expect([typeof title, typeof detail]).toEqual(['string', 'string'])
  return `${status} ${code}`
}

/** Every route that asks for a role, with an innocent request for it. */
export const PROTECTED: [
  role: 'viewer' | 'operator',
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  url: string,
  body?: unknown,
][] = [
  ['viewer', 'GET', '/metrics'],
  ['viewer', 'GET', '/api/v1/status'],
  ['viewer', 'GET', '/api/v1/tables'],
  ['viewer', 'GET', '/api/v1/tables/aliases'],
  ['viewer', 'GET', '/api/v1/tables/aliases/lookup?key=bob'],
  [
    'operator',
    'POST',
    '/api/v1/tables/aliases/lookup',
    { attributes: [{ name: 'sender', value: 'a@b.example' }] },
  ],
  ['viewer', 'GET', '/api/v1/upstreams'],
  ['viewer', 'GET', '/api/v1/listeners'],
  ['operator', 'POST', '/api/v1/tables/aliases/replica/refresh'],
  ['operator', 'POST', '/api/v1/tables/aliases/replica/accept'],
  ['operator', 'POST', '/api/v1/tables/aliases/replica/reject'],
  ['operator', 'PUT', '/api/v1/tables/aliases/replica/entries/bob', { value: 'b/' }],
  ['operator', 'DELETE', '/api/v1/tables/aliases/replica/entries/bob'],
  ['operator', 'GET', '/api/v1/tables/aliases/entries'],
  ['operator', 'POST', '/api/v1/tables/aliases/entries', { entries: [{ key: 'bob', value: '1' }] }],
  ['viewer', 'GET', '/api/v1/tables/aliases/shadow'],
  ['viewer', 'GET', '/api/v1/config'],
  ['viewer', 'GET', '/api/v1/log-level'],
  ['viewer', 'GET', '/api/v1/history'],
  ['viewer', 'GET', '/api/v1/problems'],
  ['viewer', 'GET', '/api/v1/readiness'],
  ['viewer', 'GET', '/api/v1/drills'],
  ['operator', 'DELETE', '/api/v1/tables/aliases/cache'],
  ['operator', 'POST', '/api/v1/tables/aliases/confirm-loss'],
  ['operator', 'POST', '/api/v1/drills', { upstream: 'directory', seconds: 60 }],
  ['operator', 'POST', '/api/v1/reload'],
  ['operator', 'PUT', '/api/v1/log-level', { level: 'debug' }],
]
