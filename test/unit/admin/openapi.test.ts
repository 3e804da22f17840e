import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { adminFixture } from '../../support/admin/admin-ports.ts'
import { CODES, ROUTES } from './promised.ts'

interface Operation {
  readonly summary?: string
  readonly tags?: string[]
  readonly security?: object[]
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>
}

interface Document {
  readonly openapi: string
  readonly info: { readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
}

async function document(): Promise<Document> {
  const { server } = await adminFixture(onTestFinished)
  return (await server.app.inject({ url: '/openapi.json', headers: { host: 'localhost' } })).json<Document>()
}

describe('/openapi.json', () => {
  test('is valid by the schema of OpenAPI 3.1', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate({ ...(await document()) })
    expect(errors ?? []).toEqual([])
    expect([valid, validator.version]).toEqual([true, '3.1'])
  })

  test('has every route of the server but the files of /docs', async () => {
    const described = Object.entries((await document()).paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual([...ROUTES].sort())
  })

  test('says in one sentence what each operation does, and how it answers', async () => {
    for (const [path, operations] of Object.entries((await document()).paths)) {
      for (const [method, { summary, tags, responses }] of Object.entries(operations)) {
        expect([path, method, typeof summary, tags?.length]).toEqual([path, method, 'string', 1])
        for (const [status, { content = {} }] of Object.entries(responses)) {
          if (Number(status) >= 400 && path !== '/readyz')
            expect(Object.keys(content)).toEqual(['application/problem+json'])
        }
      }
    }
  })

  test('names the codes of problems, and no other', async () => {
    const text = JSON.stringify(await document())
    const lists = [...text.matchAll(/"code":\{[^{}]*?"enum":(\[[^\]]*\])/g)].map(([, list = '']) =>
      JSON.parse(list),
    )
    expect(lists.length).toBeGreaterThan(0)
    for (const list of lists) expect(list.sort()).toEqual([...CODES].sort())
  })

  test('carries the version of the program', async () => {
    expect((await document()).info.version).toBe('1.2.3')
  })
})
