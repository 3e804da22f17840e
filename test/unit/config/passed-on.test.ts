/**
 * What `check` says of a server that a listener passes requests on to.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { trySocket } from '../../../src/config/try-socket.ts'
import { testDirectory } from '../../support/wire/sockets.ts'
import { problemsIn } from './problems.ts'

const QUEUE = '/var/spool/postfix'

/** A listener for each pair of names: its socket, and the one that it passes on to. */
function file(...listeners: readonly (readonly [listen: string, pass: string])[]): string {
  const items = listeners.map(
    ([listen, pass]) =>
      `  - { protocol: proxymap, listen: "unix:${QUEUE}/mapgate/${listen}", pass: "unix:${QUEUE}/${pass}" }`,
  )
  return `listeners:\n${items.join('\n')}\nupstreams: { s: { entries: { a: b } } }\ntables: { t: { upstream: s } }\n`
}

/** Sockets that cannot be connected to, with the code of the system. */
function problems(text: string, codes: Record<string, string> = {}): Promise<string[]> {
  return problemsIn(text, {
    lookAtPath: async () => 'folder',
    trySocket: async (path) => codes[path.replace(`${QUEUE}/`, '')],
  })
}

test.each([
  [
    'EACCES',
    /user \d+ may not open it \(EACCES\); run: setfacl -m u:\d+:x \/var\/spool\/postfix\/private, or/,
  ],
  ['ENOENT', /there is no such socket \(ENOENT\); check the path, and whether Postfix has been started$/],
  ['ECONNREFUSED', /nobody listens there \(ECONNREFUSED\); start Postfix$/],
])('a server that cannot be reached now, by %s', async (code, why) => {
  const [problem, ...others] = await problems(file(['a', 'private/proxymap']), { 'private/proxymap': code })
  expect(problem).toMatch(
    /^warning: .*listeners\[0\]\.pass: cannot be reached now, so that other tables fail: /,
  )
  expect(problem).toMatch(why)
  expect(others).toEqual([])
})

test('one that can be reached, and one that is another listener of the file, which does not run yet', async () => {
  const text = file(['a', 'mapgate/b'], ['b', 'private/proxymap'])
  expect(await problems(text, { 'mapgate/b': 'ENOENT' })).toEqual([])
})

test('two and three listeners that pass on in a circle, however the path is written, and nothing of who leads into one', async () => {
  const circle = (listener: number, via: string) =>
    expect.stringMatching(
      new RegExp(
        `listeners\\[${listener}\\]\\.pass: leads back to this listener by ${via}; write the socket of the other server$`,
      ),
    )
  expect(await problems(file(['a', 'mapgate/b'], ['b', 'mapgate/a']))).toEqual([
    circle(0, 'listeners\\[1\\]'),
    circle(1, 'listeners\\[0\\]'),
  ])
  expect(
    await problems(
      file(['a', 'mapgate/../mapgate/b'], ['b', 'mapgate//c'], ['c', 'mapgate/a'], ['d', 'mapgate/a']),
    ),
  ).toEqual([
    circle(0, 'listeners\\[1\\] and listeners\\[2\\]'),
    circle(1, 'listeners\\[2\\] and listeners\\[0\\]'),
    circle(2, 'listeners\\[0\\] and listeners\\[1\\]'),
  ])
})

test('a listener that passes on to itself by another spelling', async () => {
  expect(await problems(file(['a', 'mapgate/./a']))).toEqual([
    expect.stringMatching(/listeners\[0\]\.pass: leads back to this listener; write the socket/),
  ])
})

test('a socket is tried by connecting to it', async () => {
  const path = join(testDirectory(), 'socket')
  expect(await trySocket(path)).toBe('ENOENT')
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => void server.close())
  expect(await trySocket(path)).toBe(undefined)
})
