import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SETTINGS, VIEWER_TOKEN } from '../../support/admin/admin-ports.ts'
import { ask, listening, waitFor } from './sockets-set-up.ts'

describe('events', () => {
  async function watch(
    port: number,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage & { text: () => string }> {
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      path: '/api/v1/events',
      headers,
      agent: false,
    }).end()
    request.on('error', () => {})
    onTestFinished(() => {
      request.destroy()
    })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let text = ''
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    response.on('error', () => {})
    return Object.assign(response, { text: () => text })
  }

  test('arrive as they happen, with the headers of every answer', async () => {
    const { port, observability, program } = await listening()
    const stream = await watch(port)
    expect(stream.statusCode).toBe(200)
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    observability.observer.upstream('directory').circuitChanged('0 dir.example', 'open')
    observability.history.start()
    program.clock.advance(2000)
    await waitFor(() => stream.text().includes('event: history\n'))
    expect(stream.text()).toContain('event: circuit\ndata: {"type":"circuit"')
    expect(stream.text()).toContain('event: problem\ndata: ')
    program.clock.advance(15_000)
    await waitFor(() => stream.text().includes(': still here\n\n'))
  })

  test('are for viewers', async () => {
    const { port } = await listening({ settings: { anonymous: 'none' } })
    expect((await watch(port)).statusCode).toBe(401)
    expect((await watch(port, { authorization: `Bearer ${VIEWER_TOKEN}` })).statusCode).toBe(200)
  })

  test('have so many watchers and no more; one that leaves makes room', async () => {
    const { port, observability } = await listening()
    const streams = await Promise.all(Array.from({ length: 32 }, () => watch(port)))
    const tooMany = await ask(port, '/api/v1/events')
    expect([tooMany.status, JSON.parse(tooMany.body)]).toEqual([
      429,
      expect.objectContaining({ code: 'too-many-watchers' }),
    ])
    streams[0]?.destroy()
    await waitFor(() => {
      const subscription = observability.events.subscribe(() => {})
      subscription?.close()
      return subscription !== undefined
    })
    expect((await watch(port)).statusCode).toBe(200)
  })

  test('a reader that stops reading loses events, gets to know it, and holds up nobody', async () => {
    const { port, observability } = await listening()
    const slow = await watch(port)
    const quick = await watch(port)
    slow.pause()
    const text = 'x'.repeat(20_000)
    const total = 3000
    for (let n = 0; n < total; n++) {
      observability.events.publish({ type: 'reload', atMs: n, ok: true, text })
      // The quick reader keeps up, so that only the slow one loses.
      if (n % 100 === 99) await waitFor(() => quick.text().includes(`"atMs":${n},`))
    }
    expect((await ask(port, '/livez')).status).toBe(200)
    // 60 MB were published; one queue, one write and what the system holds for a socket remain.
    slow.resume()
    await waitFor(() => slow.text().includes('event: lost\n'))
    const seen = slow.text().split('event: reload\n').length - 1
    const [, lost] = /"type":"lost","count":(\d+)/.exec(slow.text()) ?? []
    expect(seen + Number(lost)).toBe(total)
    expect(Number(lost)).toBeGreaterThan(256)
    expect(quick.text()).not.toContain('event: lost')
  })

  test("go on over a reload that changes nobody's rights, and tell of it", async () => {
    const { port, server, observability } = await listening()
    const stream = await watch(port)
    server.reconfigure({ ...SETTINGS, hosts: ['other.example'] })
    observability.eventLog.reloaded('configuration reloaded')
    await waitFor(() => stream.text().includes('event: reload\n'))
  })

  test('end when the tokens change, because those that may still watch come back', async () => {
    const { port, server } = await listening()
    const stream = await watch(port)
    const ended = once(stream, 'end')
    server.reconfigure({ ...SETTINGS, anonymous: 'none' })
    await ended
    expect((await watch(port)).statusCode).toBe(401)
  })

  test('end with the server, which closes at once', async () => {
    const { port, server } = await listening()
    const stream = await watch(port)
    const ended = once(stream, 'end')
    const startMs = performance.now()
    await server.close()
    await ended
    expect(performance.now() - startMs).toBeLessThan(900)
  })
})
