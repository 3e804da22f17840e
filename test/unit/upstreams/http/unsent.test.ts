/**
 * What fits into no request: a key does not exist then, and of a question with attributes nobody knows.
 */
import { describe, expect, test } from 'vitest'
import { Attributes } from '../../../../src/core/attributes.ts'
import { type EndpointContext, HttpEndpoint } from '../../../../src/upstreams/http/endpoint.ts'
import { requestSettings, tableSettings, upstreamSettings } from '../../../support/http/http-endpoint.ts'

/** Nothing is sent, so no connections are needed. */
const CONTEXT = { name: '0:dir1.example', endpoint: upstreamSettings([{}]).endpoints[0] } as EndpointContext

const endpointFor = (path: string) =>
  new HttpEndpoint(tableSettings({ request: requestSettings({ path }) }), CONTEXT)

describe.each(['', '.', '..', 'a/../b', 'x/member', '..?x'])('the sender %j in a path', (sender) => {
  test('is no "not found", which would let mail pass and refuse a login', async () => {
    const attributes = new Attributes([['sender', sender]])
    const endpoint = endpointFor('/policy/{attribute.sender}')
    expect(await endpoint.send('label', { timeoutMs: 1000, attributes })).toEqual({
      result: {
        kind: 'permanent',
        cause: 'refused',
        reason:
          'no request can be made: an attribute is empty or has dots as a part of the path; send it in the query or the body',
      },
      evidence: 'none',
      retry: 'none',
      suppressed: expect.anything(),
    })
    expect(endpoint.unsent('label')).toBeUndefined()
  })
})

test('a key that fits into no path does not exist', async () => {
  const endpoint = endpointFor('/aliases/{key}')
  expect(await endpoint.send('..', { timeoutMs: 1000 })).toMatchObject({ result: { kind: 'notfound' } })
  expect(endpoint.unsent('..')).toMatchObject({ result: { kind: 'notfound' } })
})
