/** A literal secret is known by its name, or by where it stands in an address. */
import { describe, expect, test } from 'vitest'
import { isSecretName, redactedAddress } from '../../../src/config/secret-names.ts'
import { parseConfig } from '../../../src/gateway/load-config.ts'

describe('isSecretName', () => {
  for (const name of [
    'token',
    'api_key',
    'X-Auth-Token',
    'clientSecret',
    'apiKey',
    'PASSWORD',
    'sig',
    'DB_PASSWD',
  ]) {
    test(`takes ${name} for one`, () => expect(isSecretName(name)).toBe(true))
  }
  for (const name of [
    'keyboard',
    'author',
    'domain',
    'monkey',
    'passenger',
    'token@a.example',
    'keys',
    'spin',
  ]) {
    test(`does not take ${name} for one`, () => expect(isSecretName(name)).toBe(false))
  }
})

describe('redactedAddress', () => {
  const cases: [text: string, shown: string][] = [
    ['https://user:pa%2Fss@collector.example/v1', 'https://***:***@collector.example/v1'],
    ['https://token@collector.example', 'https://***@collector.example'],
    ['http://a.example:8080/base', 'http://a.example:8080/base'],
    ['/find?q={key}&token=abc&x=1', '/find?q={key}&token=***&x=1'],
    ['/find?key={key}', '/find?key={key}'],
    ['/token/abc/{key}', '/token/***/{key}'],
    ['/v1/4f9a77c1d2e3b405/{key}', '/v1/***/{key}'],
    ['/mailboxes/{key}/aliases', '/mailboxes/{key}/aliases'],
    ['https://a.example/v1/4f9a77c1d2e3b405?sig=x#y', 'https://a.example/v1/***?sig=***#y'],
    ['plain text with ?token=x', 'plain text with ?token=x'],
  ]
  for (const [text, shown] of cases) {
    test(`shows ${text} as ${shown}`, () => expect(redactedAddress(text)).toBe(shown))
  }
})

const LITERALS = `
listeners: [ { protocol: socketmap, listen: "inet:127.0.0.1:0" } ]
tracing: { otlp: "https://me:otlp-word@collector.example" }
upstreams:
  auth:
    endpoints: ["https://a.example/secret/endpoint-word/\${env:PART}"]
    headers: { x-plain: "\${env:API_TOKEN}" }
tables:
  t:
    upstream: auth
    request:
      method: POST
      path: "/token/path-word/{key}"
      query: { api_key: "parameter-word", key: "{key}", domain: "{domain}" }
      json: { auth: { user: "body-user", nested: [ "body-word" ] }, pin: 12345678, address: "{key}" }
    canary: { key: postmaster@a.example }
`

test('no literal secret and nothing of the environment is in the configuration that may be shown', async () => {
  const env = { PART: 'from-the-environment', API_TOKEN: 'token-of-the-environment' }
  const config = await parseConfig(LITERALS, '/etc/mapgate/mapgate.yaml', { env })
  const shown = JSON.stringify(config.redactedConfig)
  expect(shown).not.toMatch(/-word|body-user|12345678|environment/)
  expect(shown).toContain('"key":"{key}","domain":"{domain}"')
  expect(shown).toContain('"address":"{key}"')
  expect(shown).toContain('"canary":{"key":"postmaster@a.example"')
  expect([...config.secrets]).toEqual(
    expect.arrayContaining([
      'otlp-word',
      'endpoint-word',
      'path-word',
      'parameter-word',
      'body-word',
      'token-of-the-environment',
    ]),
  )
  expect([...config.secrets]).not.toContain('from-the-environment')
})
