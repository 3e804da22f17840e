import { expect, onTestFinished, test } from 'vitest'
import { reload } from '../../../src/commands/reload/reload.ts'
import { type RecordedIo, recordIo } from '../../support/gateway/command-io.ts'
import { type Reply, startHttpService } from '../../support/http/http-service.ts'

async function reloadWith(
  reply: Reply,
  options: { json?: boolean } = {},
): Promise<{ code: number; io: RecordedIo }> {
  const service = await startHttpService({ onTestFinished })
  service.route('/api/v1/reload', reply)
  const io = recordIo()
  const code = await reload({ admin: service.origin, ...options }, io)
  expect(service.requests).toMatchObject([{ method: 'POST', url: '/api/v1/reload' }])
  return { code, io }
}

test('prints what changed, and warnings to standard error', async () => {
  const { code, io } = await reloadWith({
    json: { changes: ['table a is new'], warnings: ['table b has no canary'] },
  })
  expect(code).toBe(0)
  expect(io.out()).toBe('read again, and taken over:\n  table a is new\n')
  expect(io.err()).toBe('warning: table b has no canary\n')
})

test('says that nothing changed', async () => {
  const { io } = await reloadWith({ json: { changes: [], warnings: [] } })
  expect([io.out(), io.err()]).toEqual(['read again; nothing changed\n', ''])
})

const BAD = {
  status: 422,
  json: {
    code: 'configuration-bad',
    detail: 'the file is bad',
    errors: ['a.yaml:1:1: x: wrong', 'a.yaml:2:1: y: wrong'],
  },
}

test('a bad file is reported with every problem, and exits 78', async () => {
  const { code, io } = await reloadWith(BAD)
  expect(code).toBe(78)
  expect(io.err()).toBe('a.yaml:1:1: x: wrong\na.yaml:2:1: y: wrong\nmapgate reload: the file is bad\n')
  expect(io.out()).toBe('')
})

test('--json prints the answer of the gateway and keeps the exit code', async () => {
  const { code, io } = await reloadWith(BAD, { json: true })
  expect(code).toBe(78)
  expect(JSON.parse(io.out())).toEqual(BAD.json)
})

test('a report without its lists still tells the outcome', async () => {
  const { code, io } = await reloadWith({ status: 422, json: { code: 'configuration-bad' } })
  expect([code, io.err()]).toEqual([78, 'mapgate reload: the configuration is bad\n'])
})
