/** What goes to a service is shown where it is a place or a plain word, whatever it is called. */
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/config/issue.ts'
import { PlainWords } from '../../../src/config/plain-words.ts'
import { redactedAddress } from '../../../src/config/secret-names.ts'
import { parseConfig } from '../../../src/gateway/load-config.ts'

const plain = new PlainWords(['acme-list', 'kundenVerzeichnis'])

describe('a text that goes to a service', () => {
  const cases: [text: string, shown: string][] = [
    ['{key}', '{key}'],
    ['user:{user}', 'user:{user}'],
    ['(mail={key})', '(mail={key})'],
    ['mail-boxes', '***'],
    ['mailboxes', 'mailboxes'],
    ['virtualMailboxDomain', 'virtualMailboxDomain'],
    ['acme list of kunden', 'acme list of kunden'],
    ['v1', 'v1'],
    ['2024', '2024'],
    ['20241', '***'],
    ['Bearer abc', '***'],
    ['Bearer abc{key}', '***{key}'],
    ['sesame', '***'],
    ['hunter2', '***'],
    ['{{sesame}}', '{{***}}'],
    ['{attribute.client}sesame', '{attribute.client}***'],
    ['{sesame street}', '***'],
    ['пароль', '***'],
    ['get get get get get get', 'get get get get get get'],
    ['get get get get get get get', '***'],
    ['!?#$', '!?#$'],
    ['!?#$%', '***'],
    ['', ''],
  ]
  for (const [text, shown] of cases) {
    test(`"${text}" is shown as "${shown}"`, () => expect(plain.replace(text, () => '***')).toBe(shown))
  }
})

describe('an address that is asked', () => {
  const cases: [text: string, shown: string][] = [
    ['/aliases/{key}', '/aliases/{key}'],
    ['/api/v2/acme-list/{user}@{domain}', '/api/v2/acme-list/{user}@{domain}'],
    ['/hooks/kjqhwefoiuhqweflkj/{key}', '/***/***/{key}'],
    ['/mail/opensesame/{key}', '/mail/***/{key}'],
    ['/mail/xy{key}', '/mail/***{key}'],
    ['/mail/%73esame/{key}', '/mail/***/{key}'],
    ['/token/abc/{key}', '/token/***/{key}'],
    ['https://collector.example:4318', 'https://collector.example:4318'],
    ['https://collector.example/v1?code=abc', 'https://collector.example/v1?code=***'],
    ['https://collector.example/?abc', 'https://collector.example/?***'],
    ['https://collector.example/#abc', 'https://collector.example/#***'],
    ['https://collector.example?k=abc;s=def', 'https://collector.example?k=***;s=***'],
    ['unix:/run/kunden.sock:/sesame', 'unix:/run/kunden.sock:/***'],
    ['unix:/run/sesame/a.sock', 'unix:/run/sesame/a.sock'],
  ]
  for (const [text, shown] of cases) {
    test(`"${text}" is shown as "${shown}"`, () => expect(redactedAddress(text, plain)).toBe(shown))
  }
})

/** Names that do not sound like those of secrets, or are in another language. */
const NAMES =
  `code k sas tkn psk kennwort nonce cert private license sig se t x note basic apitoken motdepasse`.split(
    ' ',
  )

/** `W` and a number stand for a secret of letters and digits, of letters, with a scheme before it, and for digits. */
const SECRETS = [
  'w0rd4wxyz',
  'opensesame',
  'kjqhwefoiuhqweflkj',
  'Bearer zzyzxroad',
  'Basic enp5enhyb2Fk',
  '90210731',
  'горшочек',
]

const of = (secret: string): string => JSON.stringify(Object.fromEntries(NAMES.map((name) => [name, secret])))

const file = (secret: string): string => `
listeners: [ { protocol: socketmap, listen: "inet:127.0.0.1:0" } ]
tracing: { otlp: ${JSON.stringify(`https://collector.example/v1?code=${secret.replaceAll(' ', '+')}`)} }
upstreams:
  directory: { endpoints: [ ${JSON.stringify(`https://a.example/${secret.replaceAll(' ', '-')}`)}, ${JSON.stringify(`unix:/run/d.sock:/${secret.replaceAll(' ', '-')}`)} ] }
tables:
  got: { upstream: directory, request: { path: ${JSON.stringify(`/${secret.replaceAll(' ', '-')}/{key}`)}, query: ${of(secret)} } }
  posted: { upstream: directory, request: { method: POST, path: /, json: { list: [ ${JSON.stringify(secret)} ], deep: ${of(secret)} } } }
  form: { upstream: directory, request: { method: POST, path: /, form: ${of(secret)} } }
  batchForm: { upstream: directory, batch: { path: /${encodeURIComponent(secret)}, form: { q: "{keys}", apitoken: ${JSON.stringify(secret)} } } }
  batchJson: { upstream: directory, batch: { path: /, json: { q: "{keys}", in: ${of(secret)} } } }
  batchQuery: { upstream: directory, batch: { path: /, method: GET, query: { q: "{keys}", k: ${JSON.stringify(secret)} } } }
`

for (const secret of SECRETS) {
  test(`"${secret}" is shown nowhere, under whatever name it goes to the service`, async () => {
    const { redactedConfig } = await parseConfig(file(secret), '/etc/mapgate/mapgate.yaml', {})
    const shown = JSON.stringify(redactedConfig)
    for (const word of secret.split(' ').slice(-1)) {
      expect(shown).not.toContain(word)
      expect(shown).not.toContain(encodeURIComponent(word))
    }
    expect(shown).toContain('"motdepasse":"***"')
  })
}

test('a number is shown while it is small, and a key that is long and random is not a name', async () => {
  const { redactedConfig } = await parseConfig(
    file('w0rd4wxyz').replace(
      'deep: {',
      'deep: { limit: 9999, pin: 1234, more: 10000, "4f9a77c1d2e3b405": true, yes: true, none: null,',
    ),
    '/etc/mapgate/mapgate.yaml',
    {},
  )
  const { tables } = redactedConfig as { tables: { posted: { request: { json: { deep: object } } } } }
  expect(tables.posted.request.json.deep).toMatchObject({
    limit: 9999,
    pin: '***',
    more: '***',
    '***': true,
    yes: true,
    none: null,
  })
})

test('keys are searched for in the log, and words and domains are not', async () => {
  const texts = [
    'w0rd4wxyz',
    'Bearer zzyzx9road',
    'kjqhwefoiuhqweflkj',
    'sesame',
    'company1.example.org',
    'a1@company.example',
  ]
  const json = JSON.stringify({ texts })
  const { secrets } = await parseConfig(
    file('x').replace(
      'form: {',
      `b: { upstream: directory, request: { method: POST, path: /, json: ${json} } }\n  form: {`,
    ),
    '/etc/mapgate/mapgate.yaml',
    {},
  )
  expect([...secrets].sort()).toEqual(['kjqhwefoiuhqweflkj', 'w0rd4wxyz', 'zzyzx9road'])
})

describe('a message about a wrong value', () => {
  const wrong: [good: string, bad: string][] = [
    ['path: "/w0rd4wxyz/{key}"', 'path: "w0rd4wxyz/{key}"'],
    ['path: "/w0rd4wxyz/{key}"', 'path: "/x?c=w0rd4wxyz"'],
    ['path: "/w0rd4wxyz/{key}"', 'path: "/w0rd4wxyz/{key"'],
    ['otlp: "https:', 'otlp: "gopher:'],
    ['https://a.example/w0rd4wxyz', 'https://u:w0rd4wxyz@a.example/'],
    ['https://a.example/w0rd4wxyz', 'https://a.example/?w0rd4wxyz'],
    ['https://a.example/w0rd4wxyz', 'ftp://a.example/w0rd4wxyz'],
    ['q: "{keys}", k: "w0rd4wxyz"', 'q: "{keys}", k: "w0rd4wxyz{"'],
    ['q: "{keys}", k: "w0rd4wxyz"', 'q: "{keys}", k: [ "w0rd4wxyz" ]'],
    ['motdepasse":"w0rd4wxyz"', 'motdepasse":"w0rd4wxyz}"'],
    ['apitoken: "w0rd4wxyz"', 'apitoken: "w0rd4wxyz'],
    ['apitoken: "w0rd4wxyz"', 'apitoken: !w0rd4wxyz'],
    ['apitoken: "w0rd4wxyz"', 'apitoken: &w0rd4wxyz'],
    ['apitoken: "w0rd4wxyz"', 'apitoken: @w0rd4wxyz'],
    ['apitoken: "w0rd4wxyz"', 'apitoken: *w0rd4wxyz'],
    ['apitoken: "w0rd4wxyz"', 'apitoken: w0rd4wxyz: w0rd4wxyz'],
    ['apitoken: "w0rd4wxyz"', 'apitoken: "\\w0rd4wxyz"'],
  ]
  for (const [good, bad] of wrong) {
    test(`does not quote what is hidden: ${bad}`, async () => {
      const text = file('w0rd4wxyz').replace(good, bad)
      expect(text).not.toBe(file('w0rd4wxyz'))
      const error = await parseConfig(text, '/etc/mapgate/mapgate.yaml', {}).catch(
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(ConfigError)
      expect(String(error)).not.toContain('0rd4wxyz')
    })
  }

  test('quotes what is not', async () => {
    const text = file('x').replace('path: "/x/{key}"', 'path: "aliases/{key}"')
    await expect(parseConfig(text, '/etc/mapgate/mapgate.yaml', {})).rejects.toThrow(
      '"aliases/{key}" does not fit',
    )
  })
})
