/**
 * What is stored of a table that is asked by attributes: by which of them, of whom, and how it is forgotten.
 */
import { expect, test } from 'vitest'
import { until } from '../../support/wire/sockets.ts'
import { start } from './attributes-set-up.ts'

test('cacheBy stores by these attributes alone, and never serves a stale answer', async () => {
  const { service, client, ask } = await start('    cacheBy: [user]\n    cache: { ttl: 1s, jitter: 0 }')
  service.otherwise = { json: 'yes' }
  ask('bob', 'x')
  await client.expect('YES yes\n')
  ask('bob', 'y')
  await client.expect('YES yes\n')
  ask('Bob', 'y')
  await client.expect('YES yes\n')
  expect(service.requests.map(({ body }) => JSON.parse(body).user)).toEqual(['bob', 'Bob'])
  service.otherwise = { status: 503 }
  await expect
    .poll(
      async () => {
        client.received = ''
        ask('bob')
        await until(() => client.received.endsWith('\n'))
        return client.received
      },
      { timeout: 10_000 },
    )
    .toBe('LATER: tomorrow\n')
})

test('what one of cacheBy is missing in is neither stored nor shared', async () => {
  const { service, client, ask, open } = await start('    cacheBy: [user]')
  service.otherwise = { json: 'yes' }
  const other = await open()
  const strange = (talker: typeof client) => talker.send('password=geheim-77\nkey=x\n\n')
  strange(client)
  strange(other)
  await Promise.all([client.expect('YES yes\n'), other.expect('YES yes\n')])
  strange(client)
  await client.expect('YES yes\n')
  expect(service.requests).toHaveLength(3)
  for (let times = 0; times < 2; times++) {
    ask('bob')
    await client.expect('YES yes\n')
  }
  expect(service.requests).toHaveLength(4)
})

test('what a failed question is called has no part of a secret in it, not even as a hash', async () => {
  const { service, gateway, client, ask } = await start('    cacheBy: [user, password]')
  service.otherwise = { status: 503 }
  ask('bob', 'x', 'one')
  await client.expect('LATER: tomorrow\n')
  await until(() => JSON.stringify(gateway.log()).includes('lookup failed'))
  const shown = JSON.stringify(gateway.log())
  expect(shown).not.toMatch(/[A-Za-z0-9+/]{43}=/)
})

test('no answer is served for another secret, and the service is asked again for each "no"', async () => {
  const { service, client, ask } = await start('    cacheBy: [user, password]')
  service.otherwise = ({ body }) =>
    JSON.parse(body).password === 'right' ? { json: 'yes' } : { status: 204 }
  for (const [password, reply] of [
    ['right', 'YES yes\n'],
    ['right', 'YES yes\n'],
    ['wrong', 'NO\n'],
    ['wrong', 'NO\n'],
  ] as const) {
    ask('bob', 'x', password)
    await client.expect(reply)
  }
  expect(service.requests).toHaveLength(3)
})

test('what is stored by attributes is forgotten as a whole, and a purge by a key says so', async () => {
  const { service, gateway, client, ask } = await start('    cacheBy: [user]')
  service.otherwise = { json: 'yes' }
  const told = async () => {
    ask('bob')
    await client.expect('YES yes\n')
  }
  await told()
  const cache = `${gateway.adminUrl}/api/v1/tables/greylist/cache`
  const forget = (url: string) => fetch(url, { method: 'DELETE', headers: { 'x-mapgate': '1' } })
  for (const scope of ['?key=bob', '?domain=a.example']) {
    const refused = await forget(cache + scope)
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({
        detail:
          'table greylist is asked by attributes, and its answers are not stored by a key; forget all of them (mapgate purge greylist)',
      }),
    ])
  }
  await told()
  expect(service.requests).toHaveLength(1)
  expect(await (await forget(cache)).json()).toMatchObject({ removed: 1 })
  await told()
  expect(service.requests).toHaveLength(2)
})

test('an operator asks by attributes as well, is shown each step, and no secret', async () => {
  const { service, gateway } = await start('    cacheBy: [user, password]')
  service.otherwise = ({ body }) => ({ status: 500, text: body })
  const reply = await fetch(`${gateway.adminUrl}/api/v1/tables/greylist/lookup`, {
    method: 'POST',
    headers: { 'x-mapgate': '1', 'content-type': 'application/json' },
    body: JSON.stringify({
      attributes: [
        { name: 'user', value: 'bob' },
        { name: 'password', value: 'geheim-77' },
      ],
      explain: true,
    }),
  })
  const text = await reply.text()
  expect(JSON.parse(text)).toMatchObject({
    key: 'bob',
    result: { kind: 'temporary', cause: 'status' },
    steps: expect.arrayContaining([{ step: 'attributes', attributes: { user: 'bob' } }]),
  })
  expect(JSON.parse(service.requests[0]?.body ?? '')).toMatchObject({ user: 'bob', password: 'geheim-77' })
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect([text, metrics, JSON.stringify(gateway.log())].join()).not.toContain('geheim')
})
