import { describe, expect, test } from 'vitest'
import { NO_FIELDS, RequestFields } from '../../../../../src/upstreams/http-client/request/request-fields.ts'

const ACCEPT = 'application/json, text/plain;q=0.9, */*;q=0.1'

/** The list as pairs; a name that came twice would be seen. */
function pairs(list: readonly string[]): [string, string][] {
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at] ?? '', list[2 * at + 1] ?? ''])
}

function fieldsOf(
  configured: Record<string, string>,
  own: Readonly<Record<string, string>>,
  options: Partial<Parameters<RequestFields['of']>[1]> = {},
): [string, string][] {
  const fields = new RequestFields(new Map(Object.entries(configured)))
  return pairs(fields.of(own, { timeoutMs: 1000, ...options })).sort()
}

describe('the header fields of a request', () => {
  test('without anything configured are those that every service needs', () => {
    expect(fieldsOf({}, NO_FIELDS)).toEqual([
      ['accept', ACCEPT],
      ['accept-encoding', 'identity'],
      ['user-agent', 'mapgate'],
    ])
  })

  test('are those of the upstream, lower case and as UTF-8 bytes, before the defaults', () => {
    expect(fieldsOf({ Accept: 'text/plain', 'X-Tenant': 'é' }, NO_FIELDS)).toEqual([
      ['accept', 'text/plain'],
      ['accept-encoding', 'identity'],
      ['user-agent', 'mapgate'],
      ['x-tenant', 'Ã©'],
    ])
  })

  test('are those of the table before those of the upstream', () => {
    expect(fieldsOf({ 'X-Tenant': 'upstream' }, { 'x-tenant': 'table' })).toContainEqual([
      'x-tenant',
      'table',
    ])
  })

  test.for([NO_FIELDS, { 'x-one': '1' }])('never ask for a compressed reply, with own fields %o', (own) => {
    expect(fieldsOf({ 'Accept-Encoding': 'gzip' }, own)).toContainEqual(['accept-encoding', 'identity'])
  })

  test.for([NO_FIELDS, { 'x-one': '1' }])('have each validator and trace once, with own fields %o', (own) => {
    const validators = { etag: '"1"', lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT' }
    const list = fieldsOf({ traceparent: 'configured', 'If-None-Match': '*' }, own, {
      validators,
      traceparent: 'ours',
    })
    const names = list.map(([name]) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(Object.fromEntries(list)).toMatchObject({
      traceparent: 'ours',
      'if-none-match': '"1"',
      'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT',
    })
  })

  test('of one request do not appear in the next', () => {
    const fields = new RequestFields(new Map())
    fields.of(NO_FIELDS, { timeoutMs: 1000, traceparent: 'first' })
    expect(fields.of(NO_FIELDS, { timeoutMs: 1000 })).not.toContain('first')
  })
})
