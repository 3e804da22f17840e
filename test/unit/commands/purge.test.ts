import { expect, onTestFinished, test } from 'vitest'
import { purge } from '../../../src/commands/purge/purge.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const cases: [key: string | undefined, url: string][] = [
  [undefined, '/api/v1/tables/aliases/cache'],
  ['a+b@x.example', '/api/v1/tables/aliases/cache?key=a%2Bb%40x.example'],
  ['@x.example', '/api/v1/tables/aliases/cache?domain=x.example'],
  ['@', '/api/v1/tables/aliases/cache?key=%40'],
  ['', '/api/v1/tables/aliases/cache?key='],
]
for (const [key, url] of cases) {
  test(`purge aliases ${key ?? ''} sends DELETE ${url}`, async () => {
    const service = await startHttpService({ onTestFinished })
    service.otherwise = { json: { removed: 1 } }
    const io = recordIo()
    expect(await purge('aliases', key, { admin: service.origin }, io)).toBe(0)
    expect(service.requests).toMatchObject([{ method: 'DELETE', url }])
    expect(io.out()).toBe('aliases: 1 answer forgotten\n')
  })
}

const reaches: [elsewhere: object, text: string][] = [
  [{ state: 'sent', others: 2, confirmed: 1 }, '1 of 2 other gateways did the same'],
  [{ state: 'sent', others: 0, confirmed: 0 }, 'no other gateway shares them now'],
  [
    { state: 'later' },
    'the shared store cannot be reached now, and the other gateways are told once it can be reached',
  ],
  [
    { state: 'later', why: 'full' },
    'the shared store is full, and the other gateways are told once it takes the purge',
  ],
]
for (const [elsewhere, text] of reaches) {
  test(`purge says of other gateways: ${text}`, async () => {
    const service = await startHttpService({ onTestFinished })
    service.otherwise = { json: { removed: 1, elsewhere } }
    const io = recordIo()
    await purge('aliases', undefined, { admin: service.origin }, io)
    expect(io.out()).toBe(`aliases: 1 answer forgotten; ${text}\n`)
  })
}

test('--json prints the number', async () => {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { json: { removed: 7 } }
  const io = recordIo()
  await purge('aliases', undefined, { admin: service.origin, json: true }, io)
  expect(JSON.parse(io.out())).toEqual({ table: 'aliases', removed: 7 })
})

test('an unknown table exits 77 with the sentence of the gateway', async () => {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { status: 404, json: { code: 'table-unknown', detail: 'there is no such table' } }
  await expect(purge('nosuch', undefined, { admin: service.origin }, recordIo())).rejects.toMatchObject({
    exitCode: 77,
    message: `${service.origin}: there is no such table`,
  })
})

test('a reply without a number is not taken for done', async () => {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { json: {} }
  await expect(purge('aliases', undefined, { admin: service.origin }, recordIo())).rejects.toMatchObject({
    exitCode: 69,
  })
})
