/** How the page stays connected, against an API that does what the test says. */
import { describe, expect, test } from 'vitest'
import { Api, ApiProblem, tablePath } from '../../../../src/admin/page/api.ts'
import { Live } from '../../../../src/admin/page/live.ts'
import { Model } from '../../../../src/admin/page/model.ts'
import { point } from '../../presentation/points.ts'

const STATUS = { state: 'ready', degraded: [], tables: [], upstreams: [], listeners: [] }

function problem(status: number, code: string): Response {
  return Response.json({ code, detail: `because of ${code}` }, { status })
}

/** An API whose event streams are these, one after the other; after the last one everything stops. */
async function runWith(streams: (() => Response)[]) {
  const model = new Model()
  const end = new AbortController()
  const seen: string[] = []
  const sleeps: number[] = []
  const sent: [path: string, authorization: string | null][] = []
  let token: string | undefined
  const answer = async (path: string, options: RequestInit): Promise<Response> => {
    sent.push([path, new Headers(options.headers).get('authorization')])
    if (path === '/api/v1/status') return Response.json(STATUS)
    if (path === '/api/v1/history') return Response.json({ points: [point(1)] })
    if (path === '/api/v1/problems') return Response.json({ problems: [] })
    const next = streams.shift()
    if (next !== undefined) return next()
    end.abort()
    throw new TypeError('failed to fetch')
  }
  const api = new Api(() => token, answer as typeof fetch)
  const live = new Live({
    api,
    model,
    changed: () => {
      const { kind } = model.connection
      if (seen.at(-1) !== kind) seen.push(kind)
    },
    askToken: async () => {
      token = 'secret'
    },
    sleep: async (ms) => void sleeps.push(ms),
    random: () => 1,
    silenceMs: 200,
  })
  await live.run(end.signal)
  return { model, seen, sleeps, sent }
}

const events = (...texts: string[]) => new Response(texts.join(''))

describe('Live', () => {
  test('takes a snapshot, then applies events, and begins again when the stream ends', async () => {
    const frame = `event: history\ndata: ${JSON.stringify({ type: 'history', point: point(2) })}\n\n`
    const { model, seen, sleeps } = await runWith([() => events(), () => events(': hello\n\n', frame)])
    expect(model.status).toEqual(STATUS)
    expect(seen).toEqual(['live', 'connecting', 'live', 'connecting'])
    // The event ended the failures in a row, so that the second wait is a first one.
    expect(sleeps).toEqual([1000, 1000])
  })

  test('waits longer after each failure, and says what the gateway said', async () => {
    const { model, sleeps } = await runWith([
      () => problem(429, 'too-many-watchers'),
      () => new Response('oops', { status: 502, statusText: 'Bad Gateway' }),
    ])
    expect(sleeps).toEqual([1000, 2000])
    expect(model.connection).toEqual({ kind: 'lost', why: 'It says: HTTP 502 Bad Gateway.' })
  })

  test('shows how things stand although too many watch', async () => {
    const { model } = await runWith([() => problem(429, 'too-many-watchers')])
    expect([model.status, model.points.length]).toEqual([STATUS, 1])
  })

  test('asks for a token without waiting, and sends it in a header only', async () => {
    const { seen, sleeps, sent } = await runWith([() => problem(401, 'token-needed'), () => events()])
    expect(seen.slice(0, 2)).toEqual(['token-needed', 'live'])
    expect(sleeps).toEqual([1000])
    expect(sent[0]).toEqual(['/api/v1/events', null])
    expect(sent[1]).toEqual(['/api/v1/events', 'Bearer secret'])
    expect(sent.filter(([path]) => path.includes('secret'))).toEqual([])
  })

  test('gives up a stream that is silent for too long', async () => {
    const silent = () => new Response(new ReadableStream({ start() {} }))
    const model = new Model()
    const end = new AbortController()
    const api = {
      get: async (path: string) => (path.endsWith('status') ? STATUS : { points: [], problems: [] }),
      stream: async (_path: string, signal: AbortSignal) => {
        const { body } = silent()
        if (body === null) throw new TypeError('no body')
        return body.pipeThrough(new TransformStream(), { signal })
      },
    } as unknown as Api
    const sleep = async () => end.abort()
    const live = new Live({ api, model, changed: () => {}, askToken: async () => {}, sleep, silenceMs: 5 })
    await live.run(end.signal)
    expect(model.connection).toEqual({ kind: 'lost', why: 'The connection is broken.' })
  })
})

describe('Api', () => {
  test('makes an error of a problem document, with what would help', async () => {
    const api = new Api(
      () => undefined,
      async () => problem(403, 'role-too-low'),
    )
    const error: unknown = await api.delete('/x').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiProblem)
    expect(error).toMatchObject({ status: 403, wantsToken: true, message: 'because of role-too-low' })
  })

  test('marks a change, so that no foreign page could have made it', async () => {
    const sent: RequestInit[] = []
    const api = new Api(
      () => undefined,
      async (_path, options = {}) => {
        sent.push(options)
        return Response.json({ removed: 1 })
      },
    )
    await api.delete('/x')
    expect(sent[0]).toMatchObject({ method: 'DELETE', headers: { 'x-mapgate': '1' }, credentials: 'omit' })
  })

  test('escapes keys: a plus sign and a space are not the same', () => {
    const path = tablePath('a b', 'lookup', { key: 'x+y z&?#@é' })
    expect(path).toBe('/api/v1/tables/a%20b/lookup?key=x%2By%20z%26%3F%23%40%C3%A9')
    expect(tablePath('t', 'cache')).toBe('/api/v1/tables/t/cache')
  })
})
