/**
 * The admin API over real sockets: what `inject` cannot show. Slow, flooding and broken clients,
 * event streams, TLS, unix sockets, the end.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { AdminServer } from '../../../src/admin/server.ts'
import { found } from '../../../src/core/result.ts'
import { adminFixture, OPERATOR_TOKEN, SETTINGS, VIEWER_TOKEN } from '../../support/admin/admin-ports.ts'
import { bindTo } from '../../support/admin/bind-to.ts'
import { ask, listening, waitFor } from './sockets-set-up.ts'

/** A raw connection, and everything that it has received so far. */
async function dial(
  port: number,
): Promise<{ socket: Socket; received: () => string; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.on('error', () => {})
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  return { socket, received: () => text, closed }
}

function certificate(name: string): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const options = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ]
  execFileSync('openssl', [...options, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

describe('over a socket', () => {
  for (const [name, token, expected] of [
    ['nobody', undefined, [200, 401, 401]],
    ['a viewer', VIEWER_TOKEN, [200, 200, 403]],
    ['an operator', OPERATOR_TOKEN, [200, 200, 200]],
  ] as const) {
    test(`${name} may do what the role allows`, async () => {
      const { port } = await listening({ settings: { anonymous: 'none' } })
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const livez = await ask(port, '/livez', headers)
      const tables = await ask(port, '/api/v1/tables', headers)
      const reload = await fetch(`http://127.0.0.1:${port}/api/v1/reload`, {
        method: 'POST',
        headers: { ...headers, 'x-mapgate': '1' },
      })
      expect([livez.status, tables.status, reload.status]).toEqual(expected)
    })
  }

  test('bytes that are no HTTP get a problem, and the connection ends', async () => {
    const { port } = await listening()
    const { socket, received, closed } = await dial(port)
    socket.write('12:aliases a@b,\r\n\r\n')
    await closed
    expect(received()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(received()).toContain('"code":"bad-request"')
  })

  test('a request without a Host field gets a problem that says so', async () => {
    const { port } = await listening()
    const { socket, received, closed } = await dial(port)
    socket.write('GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n')
    await closed
    expect(received()).toMatch(/^HTTP\/1\.1 421 /)
    expect(received()).toContain('"code":"host-unknown"')
  })

  test('header fields that are too long get a problem that says so', async () => {
    const { port } = await listening()
    const { socket, received, closed } = await dial(port)
    socket.write(
      `GET /api/v1/tables/aliases/lookup?key=${'x'.repeat(70_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    )
    await closed
    expect(received()).toMatch(/^HTTP\/1\.1 431 /)
    expect(received()).toContain('"code":"headers-too-large"')
  })

  test('a request that does not arrive in time gets a problem', async () => {
    const { port } = await listening({ limits: { requestTimeoutMs: 100 } })
    const { socket, received, closed } = await dial(port)
    socket.write('GET /livez HTTP/1.1\r\nhost: loc')
    await closed
    expect(received()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('a raw byte in the query that is not escaped is no HTTP, and no lookup', async () => {
    const { port, program } = await listening()
    const { socket, received, closed } = await dial(port)
    const path = Buffer.concat([
      Buffer.from('/api/v1/tables/aliases/lookup?key=b'),
      Buffer.from([0xe9]),
      Buffer.from('b'),
    ])
    socket.write(
      Buffer.concat([Buffer.from('GET '), path, Buffer.from(' HTTP/1.1\r\nhost: localhost\r\n\r\n')]),
    )
    await closed
    expect(received()).toMatch(/^HTTP\/1\.1 400 /)
    expect(program.asked).toEqual([])
  })

  test('above the bound the longest idle connection is closed, and the new one is served', async () => {
    const { port } = await listening({ limits: { maxConnections: 2 } })
    const first = await dial(port)
    await dial(port)
    expect((await ask(port, '/livez')).status).toBe(200)
    await first.closed
  })

  test('silent connections of strangers keep no probe out', async () => {
    const { port } = await listening()
    for (let n = 0; n < 300; n++) await dial(port)
    for (let n = 0; n < 5; n++) expect((await ask(port, '/livez')).status).toBe(200)
  })

  test('bodies that never end keep no probe out, and a lookup under way is not given up for one', async () => {
    const { port, program } = await listening({ limits: { maxConnections: 5 } })
    let answer = (): void => {}
    program.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve(found('x'))
      })
    const lookup = ask(port, '/api/v1/tables/aliases/lookup?key=a')
    await waitFor(() => program.asked.length === 1)
    const head = `PUT /api/v1/log-level HTTP/1.1\r\nhost: localhost\r\nx-mapgate: 1\r\nauthorization: Bearer ${OPERATOR_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n`
    const [first] = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const connection = await dial(port)
        connection.socket.write(`${head}{`)
        return connection
      }),
    )
    await vi.waitFor(async () => expect((await ask(port, '/livez')).status).toBe(200), 2000)
    await first?.closed
    answer()
    expect((await lookup).status).toBe(200)
  })

  for (const [what, request] of [
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TRACE', 'TRACE /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'],
    [
      'a foreign address',
      'GET http://evil.example/api/v1/status HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
    ],
    ['a Host that is none', 'GET /livez HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n'],
  ]) {
    test(`${what} is answered by a problem document`, async () => {
      const { port } = await listening()
      const { socket, received, closed } = await dial(port)
      socket.write(request ?? '')
      await closed
      expect(received()).toMatch(/^HTTP\/1\.1 4\d\d .*content-type: application\/problem\+json/is)
    })
  }

  test('a connection on which nothing moves ends', async () => {
    const { port } = await listening({ limits: { idleTimeoutMs: 50 } })
    const { closed } = await dial(port)
    await closed
  })

  test('a scrape that is never read keeps nobody from the next one', async () => {
    const { port } = await listening()
    for (let n = 0; n < 20; n++) {
      const { socket } = await dial(port)
      socket.pause()
      socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(20))
    }
    // The requests of the others may have used up this second's.
    await vi.waitFor(async () => expect((await ask(port, '/metrics')).status).toBe(200), 5000)
  })
})

describe('the end', () => {
  test('a lookup under way is answered; one that hangs does not keep the server', async () => {
    const { port, server, program } = await listening()
    let answer = (): void => {}
    program.answer = ({ key }) =>
      new Promise((resolve) => {
        if (key.toString() === 'answered') answer = () => resolve(found('x'))
      })
    const answered = ask(port, '/api/v1/tables/aliases/lookup?key=answered')
    const hanging = ask(port, '/api/v1/tables/aliases/lookup?key=hanging').catch(() => 'cut')
    await waitFor(() => program.asked.length === 2)
    const closed = server.close()
    answer()
    expect((await answered).status).toBe(200)
    await closed
    expect(await hanging).toBe('cut')
  })
})

describe('other ways to listen', () => {
  test('on a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mapgate-admin-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'admin')
    const { server, log } = await adminFixture(onTestFinished, {
      level: 'debug',
      settings: { address: { kind: 'unix', path }, anonymous: 'operator', tokens: [] },
    })
    await server.listen(async (create) => {
      const net = create()
      await new Promise<void>((resolve) => net.listen(path, resolve))
      return { servers: [net] }
    })
    const request = httpRequest({
      socketPath: path,
      path: '/api/v1/reload',
      method: 'POST',
      headers: { host: 'localhost', 'x-mapgate': '1' },
    }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    expect(response.statusCode).toBe(200)
    expect((await log.lines())[0]).not.toHaveProperty('address')
  })

  test('over TLS, with a certificate that a reload replaces', async () => {
    const [one, two] = [certificate('one.example'), certificate('two.example')]
    const { server, port } = await listening({ settings: { tls: one } })
    const read = async (): Promise<[status: number | undefined, name: string | undefined, hsts: unknown]> => {
      const request = httpsRequest({
        port,
        host: '127.0.0.1',
        path: '/livez',
        rejectUnauthorized: false,
        agent: false,
      }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const { subject } = (
        response.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
      ).getPeerCertificate()
      response.resume()
      await once(response, 'end')
      return [response.statusCode, subject.CN, response.headers['strict-transport-security']]
    }
    expect(await read()).toEqual([200, 'one.example', expect.stringContaining('max-age=')])
    server.reconfigure({ ...SETTINGS, tls: two })
    expect((await read())[1]).toBe('two.example')
  })

  test('a reload replaces tokens and hosts', async () => {
    const { server, port } = await listening({ settings: { anonymous: 'none' } })
    const headers = { authorization: `Bearer ${VIEWER_TOKEN}` }
    expect((await ask(port, '/api/v1/tables', headers)).status).toBe(200)
    server.reconfigure({
      ...SETTINGS,
      anonymous: 'none',
      tokens: [{ token: 'another-token', role: 'viewer' }],
    })
    expect((await ask(port, '/api/v1/tables', headers)).status).toBe(401)
    expect((await ask(port, '/api/v1/tables', { authorization: 'Bearer another-token' })).status).toBe(200)
  })

  test('a reload that would open the door is refused and changes nothing', async () => {
    const { server, port } = await listening({ settings: { anonymous: 'none' } })
    const open = { ...SETTINGS, address: { kind: 'inet', host: '0.0.0.0', port: 0 }, tokens: [] } as const
    expect(() => server.reconfigure(open)).not.toThrow() // It listens on loopback, and goes on to.
    expect((await ask(port, '/api/v1/tables')).status).toBe(200)
  })

  test('beyond loopback without a token nothing starts', async () => {
    const { server } = await adminFixture(onTestFinished)
    expect(server).toBeInstanceOf(AdminServer)
    const settings = { address: { kind: 'inet', host: '0.0.0.0', port: 0 }, tokens: [] } as const
    await expect(adminFixture(onTestFinished, { settings })).rejects.toThrow('configure admin.tokens')
  })

  test('an inherited socket beyond loopback is closed again without a token', async () => {
    const { server } = await adminFixture(onTestFinished, {
      settings: { address: { kind: 'systemd', name: 'admin' }, tokens: [] },
    })
    await expect(server.listen(bindTo('0.0.0.0', 0))).rejects.toThrow('configure admin.tokens')
    expect(server.app.server.listening).toBe(false)
  })

  test('a port that is taken is reported', async () => {
    const { port } = await listening()
    const { server } = await adminFixture(onTestFinished)
    await expect(server.listen(bindTo('127.0.0.1', port))).rejects.toThrow('EADDRINUSE')
  })
})
