import { expect, onTestFinished, test } from 'vitest'
import { confirmLoss } from '../../../src/commands/confirm-loss/confirm-loss.ts'
import { recordIo } from '../../support/gateway/command-io.ts'
import { startHttpService } from '../../support/http/http-service.ts'

const cases: [confirmed: boolean, text: string][] = [
  [true, 'mailboxes: confirmed, "not found" is believed again\n'],
  [false, 'mailboxes: no loss is held back, nothing to confirm\n'],
]
for (const [confirmed, text] of cases) {
  test(`says whether there was a loss: ${confirmed}`, async () => {
    const service = await startHttpService({ onTestFinished })
    service.otherwise = { json: { confirmed } }
    const io = recordIo()
    expect(await confirmLoss('mailboxes', { admin: service.origin }, io)).toBe(0)
    expect(service.requests).toMatchObject([{ method: 'POST', url: '/api/v1/tables/mailboxes/confirm-loss' }])
    expect(io.out()).toBe(text)
    const json = recordIo()
    await confirmLoss('mailboxes', { admin: service.origin, json: true }, json)
    expect(JSON.parse(json.out())).toEqual({ table: 'mailboxes', confirmed })
  })
}

test('an unknown table exits 77, a reply that says nothing 69', async () => {
  const service = await startHttpService({ onTestFinished })
  service.otherwise = { status: 404, json: { code: 'table-unknown', detail: 'no such table' } }
  await expect(confirmLoss('nosuch', { admin: service.origin }, recordIo())).rejects.toMatchObject({
    exitCode: 77,
  })
  service.otherwise = { json: {} }
  await expect(confirmLoss('nosuch', { admin: service.origin }, recordIo())).rejects.toMatchObject({
    exitCode: 69,
  })
})
