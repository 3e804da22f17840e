/**
 * Whole conversations over real sockets: the transcripts of the codecs, and everything that
 * needs a connection to show.
 */
import { describe, expect, test } from 'vitest'
import type { Lookup } from '../../../src/core/lookup.ts'
import { found, type LookupResult } from '../../../src/core/result.ts'
import { netstring } from '../../../src/protocols/framing/netstring.ts'
import { cutAt } from '../../support/wire/chunkings.ts'
import {
  quiet,
  socketmapSettings,
  talkTo,
  tcpTableSettings,
  testDirectory,
  testListener,
  until,
} from '../../support/wire/sockets.ts'
import { lineFrame, netstringFrame, readTranscript } from '../../support/wire/transcript.ts'

const documents = [
  { file: 'socketmap.md', settings: socketmapSettings(), frame: netstringFrame },
  { file: 'tcp-table.md', settings: tcpTableSettings(), frame: lineFrame },
]

for (const { file, settings, frame } of documents) {
  describe(`${file} over TCP`, () => {
    const document = new URL(`../../unit/protocols/${file}`, import.meta.url)
    for (const { title, sent, expected, closes } of readTranscript(document, frame)) {
      test(title, async () => {
        const { listener } = await testListener(settings)
        for (const sizes of [[sent.length], [1], [7, 3]]) {
          const client = await talkTo(listener.bound, { allowHalfOpen: !closes })
          for (const chunk of cutAt(sent, sizes)) {
            client.send(chunk)
            await new Promise((resolve) => setImmediate(resolve))
          }
          if (!closes) client.socket.end()
          expect(await client.closed).toBe('ended')
          expect(client.received).toBe(expected.toString())
        }
      })
    }
  })
}

describe('a connection', () => {
  test('serves a unix socket as it serves TCP', async () => {
    const address = { kind: 'unix', path: `${testDirectory()}/socketmap` } as const
    const { listener } = await testListener(socketmapSettings({ address }))
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
  })

  test('serves IPv6', async () => {
    const { listener } = await testListener(
      socketmapSettings({ address: { kind: 'inet', host: '::1', port: 0 } }),
    )
    expect(listener.status().bound).toMatch(/^inet:\[::1\]:\d+$/)
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await client.expect('6:OK t=a,')
  })

  test('is answered in order when some answers take time and others are available synchronously', async () => {
    const { listener } = await testListener()
    const client = await talkTo(listener.bound)
    const keys = Array.from({ length: 300 }, (_, n) => (n % 3 === 0 ? `late:${n}` : `${n}`))
    client.send(keys.map((key) => netstring(`t ${key}`)).join(''))
    await client.expect(keys.map((key) => netstring(`OK t=${key.replace('late:', '')}`)).join(''))
  })

  test('gets the replies to one read in one piece', async () => {
    const { listener } = await testListener()
    const client = await talkTo(listener.bound)
    client.send('3:t a,'.repeat(63))
    await client.expect('6:OK t=a,'.repeat(63))
    expect(client.pieces).toBe(1)
  })

  test('that sends many requests at once does not keep another from its turn', async () => {
    const order: string[] = []
    const lookup: Lookup = {
      lookup: ({ table, key }) => {
        order.push(table)
        return found(key.toString())
      },
    }
    const { listener } = await testListener(socketmapSettings(), lookup)
    const [greedy, modest] = [await talkTo(listener.bound), await talkTo(listener.bound)]
    greedy.send('8:greedy a,'.repeat(5000))
    modest.send('8:modest a,')
    await until(() => modest.received !== '' && order.length === 5001)
    expect(order.indexOf('modest')).toBeLessThan(5000)
  })

  test('that ends its side early still gets every reply, then the end', async () => {
    const { listener } = await testListener()
    const client = await talkTo(listener.bound, { allowHalfOpen: true })
    client.socket.end('8:t late:a,8:t late:b,3:t c,')
    expect(await client.closed).toBe('ended')
    expect(client.received).toBe('6:OK t=a,6:OK t=b,6:OK t=c,')
  })

  test('that ends within a request is closed, and its earlier requests are answered', async () => {
    const { listener, clock } = await testListener()
    const client = await talkTo(listener.bound, { allowHalfOpen: true })
    client.socket.end('3:t a,9:t b')
    expect(await client.closed).toBe('ended')
    expect(client.received).toBe('6:OK t=a,')
    await until(() => clock.timers === 0)
  })

  test('that breaks while its lookup is under way leaves nothing behind', async () => {
    let finish: (result: LookupResult) => void = () => {}
    const lookup: Lookup = { lookup: () => new Promise((resolve) => (finish = resolve)) }
    const { listener, clock, told } = await testListener(socketmapSettings(), lookup)
    const client = await talkTo(listener.bound)
    client.send('3:t a,')
    await until(() => told.length === 1)
    await quiet()
    client.socket.resetAndDestroy()
    await until(() => listener.status().connections === 0)
    finish(found('late'))
    await quiet()
    expect([told, clock.timers]).toEqual([['opened', 'error reply-lost'], 0])
  })

  test('gets a temporary answer where a lookup throws or rejects, and the next request is served', async () => {
    const { listener, told } = await testListener()
    const client = await talkTo(listener.bound)
    client.send('7:t throw,8:t reject,3:t a,')
    const defect = netstring('TEMP internal error: see the log of mapgate')
    await client.expect(`${defect}${defect}6:OK t=a,`)
    expect(told).toEqual(['opened', 'defect Error: a defect', 'defect Error: a late defect'])
  })

  test('is refused a table that the listener does not serve, without a lookup', async () => {
    const asked: string[] = []
    const lookup: Lookup = {
      lookup: ({ table }) => {
        asked.push(table)
        return found('x')
      },
    }
    const { listener, told } = await testListener(socketmapSettings({}, ['open']), lookup)
    const client = await talkTo(listener.bound)
    client.send('6:open a,8:closed a,')
    await client.expect('4:OK x,45:PERM no such table; check its name in main.cf,')
    expect([asked, told]).toEqual([['open'], ['opened', 'error table', 'answered no-table']])
  })

  test('counts what was wrong with its requests', async () => {
    const { listener, told } = await testListener(tcpTableSettings())
    const client = await talkTo(listener.bound)
    client.send(`hello\nput a b\nget 5%\nget ${'x'.repeat(200_000)}\n`)
    await until(() => told.length === 8)
    expect(told).toEqual([
      'opened',
      'error bad-request',
      'answered bad-request',
      'error put',
      'error bad-quoting',
      'answered bad-request',
      'error request-limit',
      'answered bad-request',
    ])
  })

  test('learns of new tables without being closed', async () => {
    const { listener } = await testListener(tcpTableSettings({}, 'old'))
    const client = await talkTo(listener.bound)
    client.send('get a\n')
    await client.expect('200 old=a\n')
    listener.update(tcpTableSettings({}, 'new'))
    client.send('get a\n')
    await client.expect('200 new=a\n')
    listener.update(listener.settings, { lookup: () => found('from another lookup') })
    client.send('get a\n')
    await client.expect('200 from%20another%20lookup\n')
  })

  test('is not changed by an update to another protocol or address, which throws', async () => {
    const { listener } = await testListener()
    expect(() => listener.update(tcpTableSettings())).toThrow('which a running listener cannot change')
    expect(() =>
      listener.update(socketmapSettings({ address: { kind: 'inet', host: '127.0.0.1', port: 1 } })),
    ).toThrow('which a running listener cannot change')
  })
})
