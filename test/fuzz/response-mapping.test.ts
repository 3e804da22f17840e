/**
 * Laws of the response mapping, for any reply of any service.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mapBatch } from '../../src/upstreams/http-client/reply/batch-mapping.ts'
import { compileResponse, mapResponse } from '../../src/upstreams/http-client/reply/response-mapping.ts'
import type { ResponseSettings } from '../../src/upstreams/http-client/settings.ts'
import { responseSettings } from '../support/http/http-endpoint.ts'

/** Runs of each law; `MAPGATE_TEST_SECONDS` makes them longer. */
const LIMIT = {
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: Number(process.env.MAPGATE_TEST_SECONDS ?? '3') * 1000,
}

const asked = { key: 'info@a.example', conditional: false, nowMs: Date.UTC(2026, 0, 1) }

const json = fc.jsonValue({ maxDepth: 4 })
const body = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  json.map((value) => Buffer.from(JSON.stringify(value))),
  json.map((goto) => Buffer.from(JSON.stringify({ goto }))),
  fc.array(fc.string()).map((goto) => Buffer.from(JSON.stringify({ goto }))),
  fc.constantFrom('', '<html>', 'null', '[]', '""', '{"goto":1e999}').map((text) => Buffer.from(text)),
)
const headers = fc.record(
  {
    'content-type': fc.oneof(
      fc.constantFrom('application/json', 'text/plain', 'text/html', 'a/b+json'),
      fc.string(),
    ),
    'content-encoding': fc.constantFrom('identity', 'gzip', ''),
    'retry-after': fc.oneof(fc.string(), fc.nat().map(String)),
    etag: fc.string({ unit: 'binary' }),
    'cache-control': fc.oneof(fc.string(), fc.array(fc.string())),
  },
  { requiredKeys: [] },
)
const status = fc.oneof(
  fc.constant(200),
  fc.constantFrom(204, 304, 401, 404, 429, 503),
  fc.integer({ min: 200, max: 999 }),
)
const response = fc.record({ status, headers, body })
const settings: fc.Arbitrary<ResponseSettings> = fc
  .record(
    {
      value: fc.constantFrom('$.goto', '$.goto[*]', '$..*', '$', "$[?search(@,'a+')]"),
      error: fc.constantFrom('$.error', '$..*'),
      missing: fc.constantFrom('temporary' as const, 'notFound' as const),
      notFoundBody: fc.constantFrom('notHtml' as const, 'any' as const),
      format: fc.constantFrom('{value}', '{valueDomain}', 'x {valueUser} {key}'),
      maxValues: fc.integer({ min: 1, max: 5 }),
    },
    { requiredKeys: [] },
  )
  .map((changes) => responseSettings(changes))

describe('whatever a service replies', () => {
  test('it becomes one of the four kinds, a found value is one line, a reason is printable', () => {
    fc.assert(
      fc.property(response, settings, (reply, setting) => {
        const { result } = mapResponse(reply, compileResponse(setting), asked)
        if (result.kind === 'found') {
          expect(result.value).not.toBe('')
          expect(result.value).not.toMatch(/[\p{Cc}\p{Cs}]/u)
        } else if (result.kind === 'temporary' || result.kind === 'permanent') {
          expect(result.reason).toMatch(/^[\x20-\x7e]{1,200}$/)
        } else {
          expect(result.kind).toBe('notfound')
        }
      }),
      LIMIT,
    )
  })

  test('it is not found only by a status for that, an empty value, or a setting that says so', () => {
    fc.assert(
      fc.property(response, settings, (reply, setting) => {
        const mapped = mapResponse(reply, compileResponse(setting), asked)
        if (mapped.result.kind !== 'notfound') return
        if ((setting.notFound ?? []).includes(reply.status)) return
        expect(reply.status).toBe(200)
        // Nothing usable was selected, or the format wants a part that no value has.
        const usable = mapped.selected ?? []
        expect(
          usable.length === 0 || setting.format === '{valueDomain}' || setting.format.includes('{valueUser}'),
        ).toBe(true)
        if (usable.length > 0 || setting.missing === 'notFound') return
        const text = reply.body.toString()
        const empty = /^(?:\ufeff)?(?:\r?\n)?$/.test(text)
        expect(empty || /null|\[\]|""|\{\}/.test(text), `not found from ${JSON.stringify(text)}`).toBe(true)
      }),
      LIMIT,
    )
  })

  test('to a batch, every key gets one of the four kinds, and no status makes all of them not found', () => {
    fc.assert(
      fc.property(response, settings, (reply, setting) => {
        const mapping = { ...compileResponse(setting), results: undefined }
        const { replies } = mapBatch(reply, mapping, ['a', 'goto'], { nowMs: 0 })
        expect(replies.size).toBe(2)
        for (const { result } of replies.values()) {
          expect(['found', 'notfound', 'temporary', 'permanent']).toContain(result.kind)
          if (reply.status !== 200) expect(result.kind).not.toBe('notfound')
        }
      }),
      LIMIT,
    )
  })
})
