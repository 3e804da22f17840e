/**
 * What an explanation shows of the wire, to whom, and what of it is hidden.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import { type HttpService, startHttpService } from '../../support/http/http-service.ts'

const t = { onTestFinished }
const OPERATOR = 'operator-token-0123456789abcdef'
const VIEWER = 'viewer-token-0123456789abcdef00'
const SECRET = 'query/secret+0123456789'

interface Step {
  readonly step: string
  readonly attempt?: string
  readonly exchange?: object
}

/** @param prepare Called before the gateway starts: it asks for the canary at once. */
async function start(
  table: string,
  upstream = '',
  prepare: (service: HttpService) => void = () => {},
): Promise<{ service: HttpService; ask: Ask }> {
  const service = await startHttpService(t)
  prepare(service)
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0" }]
admin:
  listen: "inet:127.0.0.1:0"
  tokens: [{ token: ${OPERATOR}, role: operator }, { token: ${VIEWER}, role: viewer }]
upstreams:
  directory: { endpoints: ["${service.origin}/v1"], attempts: 1${upstream} }
tables:
  aliases: { upstream: directory, ${table} }
`,
  )
  const ask: Ask = async (key, token = OPERATOR) => {
    const url = `${gateway.adminUrl}/api/v1/tables/aliases/lookup?explain=true&key=${encodeURIComponent(key)}`
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    return ((await response.json()) as { readonly steps: readonly Step[] }).steps
  }
  return { service, ask }
}

type Ask = (key: string, token?: string) => Promise<readonly Step[]>

const requests = (steps: readonly Step[]): readonly Step[] => steps.filter(({ step }) => step === 'request')

describe('an explanation', () => {
  const QUERY = `request: { path: "/aliases/{key}", query: { token: "${SECRET}", mode: full } }`

  test('shows an operator the method, the URL without its secrets, and the body', async () => {
    const { service, ask } = await start(`${QUERY}, response: { value: $.goto }`)
    const body = `{"goto":"bob@b.example","echo":"${SECRET}"}`
    service.otherwise = { text: body, headers: { 'content-type': 'application/json' } }
    const steps = await ask('info@a.example')
    expect(requests(steps)[0]?.exchange).toEqual({
      method: 'GET',
      url: `${service.origin}/v1/aliases/info%40a.example?token=***&mode=full`,
      body: '{"goto":"bob@b.example","echo":"***"}',
      bodyBytes: 57,
    })
    expect(JSON.stringify(steps)).not.toContain('secret')
  })

  test('shows a viewer the steps, and nothing of the wire', async () => {
    const { service, ask } = await start(`${QUERY}, response: { value: $.goto }`)
    service.otherwise = { json: { goto: 'bob@b.example' } }
    const steps = await ask('info@a.example', VIEWER)
    expect(requests(steps).length).toBe(1)
    expect(JSON.stringify(steps)).not.toContain('/v1/')
  })

  test('shows the first 200 bytes of a body, and how many there are', async () => {
    const { service, ask } = await start('request: { path: "/aliases/{key}" }, response: { value: $.goto }')
    service.otherwise = { text: `<html>${'x'.repeat(1000)}`, headers: { 'content-type': 'text/html' } }
    expect(requests(await ask('info@a.example'))[0]?.exchange).toMatchObject({
      body: `<html>${'x'.repeat(194)}`,
      bodyBytes: 1006,
    })
  })

  test.each([302, 401, 403, 404, 429, 500, 503])(
    'shows the body of a reply with status %i',
    async (status) => {
      const { service, ask } = await start('request: { path: "/aliases/{key}" }, response: { value: $.goto }')
      service.otherwise = { status, text: `the database is away, status ${status}` }
      expect(requests(await ask('info@a.example'))[0]?.exchange).toMatchObject({
        body: `the database is away, status ${status}`,
        bodyBytes: 32,
      })
    },
  )

  test('shows what came of a body that breaks off', async () => {
    const { service, ask } = await start('request: { path: "/aliases/{key}" }, response: { value: $.goto }')
    service.otherwise = { act: 'raw', bytes: 'HTTP/1.1 503 no\r\ncontent-length: 100\r\n\r\nhalf' }
    expect(requests(await ask('info@a.example'))[0]?.exchange).toMatchObject({ body: 'half', bodyBytes: 4 })
  })

  test.each([
    ['a slash that is escaped', 'query\\/secret+0123456789'],
    ['a quotation mark that is escaped', 'query\\u002fsecret\\u002B0123456789'],
    [
      'every sign escaped',
      Array.from(SECRET, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    ],
    ['a URL', encodeURIComponent(SECRET)],
  ])('hides a secret in the body with %s', async (_how, echoed) => {
    const { service, ask } = await start(`${QUERY}, response: { value: $.goto }`)
    service.otherwise = {
      text: `{"goto":"bob@b.example","echo":"${echoed}!"}`,
      headers: { 'content-type': 'application/json' },
    }
    expect(requests(await ask('info@a.example'))[0]?.exchange).toMatchObject({
      body: '{"goto":"bob@b.example","echo":"***!"}',
    })
  })

  test('hides a secret that lies across the cut', async () => {
    const { service, ask } = await start(`${QUERY}, response: { value: $.goto }`)
    service.otherwise = { status: 500, text: `${'x'.repeat(190)}${SECRET} and more` }
    expect(requests(await ask('info@a.example'))[0]?.exchange).toMatchObject({
      body: `${'x'.repeat(190)}*** and mo`,
    })
  })

  test('shows a request that got no reply', async () => {
    const { service, ask } = await start('request: { path: "/aliases/{key}" }, response: { value: $.goto }')
    service.otherwise = { act: 'reset' }
    expect(requests(await ask('info@a.example'))[0]?.exchange).toEqual({
      method: 'GET',
      url: `${service.origin}/v1/aliases/info%40a.example`,
    })
  })

  test('says why a circuit is open while nothing is asked', async () => {
    const { service, ask } = await start(
      'request: { path: "/aliases/{key}" }, response: { value: $.goto }, canary: { key: postmaster@a.example }',
      ', circuitBreaker: { failures: 1, openFor: 60s }',
      (service) => {
        service.otherwise = { status: 503 }
      },
    )
    const held = async () =>
      (await ask(`none${performance.now()}@a.example`)).find(({ step }) => step === 'held') as
        | { readonly why?: string }
        | undefined
    await expect
      .poll(async () => (await held())?.why, { timeout: 5000 })
      .toBe(`0:${service.origin.slice('http://'.length)} failed last with "status: the service answered 503"`)
  })

  test('shows the request of a batch', async () => {
    const { service, ask } = await start(
      'batch: { path: /batch, json: { keys: "{keys}" }, results: $.results }, response: { value: $ }',
    )
    service.otherwise = { json: { results: ['bob@b.example'] } }
    expect(requests(await ask('info@a.example'))[0]?.exchange).toMatchObject({
      method: 'POST',
      url: `${service.origin}/v1/batch`,
      body: '{"results":["bob@b.example"]}',
    })
  })

  test('shows the canary, and that the key was asked again', async () => {
    let canaryMayAnswer = (): void => {}
    const after = new Promise<void>((resolve) => {
      canaryMayAnswer = resolve
    })
    const { service, ask } = await start(
      'request: { path: "/aliases/{key}" }, response: { value: $.goto }, canary: { key: postmaster@a.example }',
      '',
      (service) => {
        service.otherwise = ({ url }) =>
          url.includes('postmaster') ? { json: { goto: 'root@b.example' }, after } : { status: 404 }
      },
    )
    const asked = ask('none@a.example')
    await expect.poll(() => service.requests.length).toBe(2)
    canaryMayAnswer()
    const steps = await asked
    const from = steps.findIndex(({ step }) => step === 'canary')
    expect(steps[from]).toEqual({
      step: 'canary',
      key: 'postmaster@a.example',
      upstream: 'directory',
      endpoint: `0:${service.origin.slice('http://'.length)}`,
      found: true,
    })
    expect(steps.slice(from - 1, from + 2).map(({ step }) => step)).toEqual(['request', 'canary', 'request'])
  })
})
