/**
 * What a reply means to a table, in one word.
 */
import { compileResponse, mapResponse } from '../../../src/upstreams/http-client/reply/response-mapping.ts'
import type { ResponseSettings } from '../../../src/upstreams/http-client/settings.ts'
import { responseSettings } from './http-endpoint.ts'

export type Fields = Readonly<Record<string, string>>

export const JSON_TYPE: Fields = { 'content-type': 'application/json' }

/** @param asked The key, and the path where that was sent. */
export function replyKind(
  body: string,
  headers: Fields = {},
  settings: Partial<ResponseSettings> = {},
  status = 404,
  asked: { readonly key: string; readonly path?: string } = { key: 'a@b.example' },
) {
  const response = {
    status,
    headers: { 'content-length': String(body.length), ...headers },
    body: Buffer.from(body),
  }
  const mapping = compileResponse(responseSettings(settings))
  return mapResponse(response, mapping, { ...asked, conditional: false, nowMs: 0 }).result.kind
}
