import { describe, expectTypeOf, test } from 'vitest'
import type { HttpUpstreamConfig, TableConfig } from '../../../src/config/model.ts'
import type { HttpTableSettings, HttpUpstreamSettings } from '../../../src/upstreams/http/settings.ts'

describe('a checked configuration', () => {
  test('has what an HTTP upstream needs', () => {
    expectTypeOf<HttpUpstreamConfig>().toExtend<HttpUpstreamSettings>()
  })

  test('has what a table needs, once its request is there', () => {
    type Asking = TableConfig & { readonly request: NonNullable<TableConfig['request']> }
    expectTypeOf<Asking>().toExtend<HttpTableSettings>()
  })
})
