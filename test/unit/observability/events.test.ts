import { describe, expect, test } from 'vitest'
import { Events, type GatewayEvent } from '../../../src/observability/events.ts'

const READY: GatewayEvent = { type: 'state', atMs: 1, state: 'ready' }
const FRAME = 'event: state\ndata: {"type":"state","atMs":1,"state":"ready"}\n\n'

function events(): Events {
  return new Events((json) => json.replaceAll('s3cret', '***'))
}

describe('Events', () => {
  test('tells each watcher, and wakes it when its queue was empty', () => {
    const hub = events()
    let woken = 0
    const first = hub.subscribe(() => woken++)
    const second = hub.subscribe(() => {})
    hub.publish(READY)
    hub.publish(READY)
    expect(woken).toBe(1)
    expect([first?.take(), first?.take(), first?.take()]).toEqual([FRAME, FRAME, undefined])
    expect(second?.take()).toBe(FRAME)
  })

  test('wakes a watcher again once it has taken everything', () => {
    const hub = events()
    let woken = 0
    const subscription = hub.subscribe(() => woken++)
    hub.publish(READY)
    subscription?.take()
    hub.publish(READY)
    expect(woken).toBe(2)
  })

  test('a watcher that does not read loses the newest and gets their number', () => {
    const hub = events()
    const subscription = hub.subscribe(() => {})
    for (let n = 0; n < 259; n++) hub.publish(READY)
    for (let n = 0; n < 256; n++) expect(subscription?.take()).toBe(FRAME)
    expect(subscription?.take()).toBe('event: lost\ndata: {"type":"lost","count":3}\n\n')
    expect(subscription?.take()).toBeUndefined()
  })

  test('a closed watcher gets nothing and makes room', () => {
    const hub = events()
    const all = Array.from({ length: 32 }, () => hub.subscribe(() => {}))
    expect(hub.subscribe(() => {})).toBeUndefined()
    all[0]?.close()
    hub.publish(READY)
    expect(all[0]?.take()).toBeUndefined()
    expect(hub.subscribe(() => {})).toBeDefined()
  })

  test('knows whether anybody watches', () => {
    const hub = events()
    expect(hub.watched).toBe(false)
    const subscription = hub.subscribe(() => {})
    expect(hub.watched).toBe(true)
    subscription?.close()
    expect(hub.watched).toBe(false)
  })

  test('hides secrets, and keeps an event on one line', () => {
    const hub = events()
    const subscription = hub.subscribe(() => {})
    hub.publish({ type: 'reload', atMs: 1, ok: false, text: 's3cret\nsecond' })
    expect(subscription?.take()).toBe(
      'event: reload\ndata: {"type":"reload","atMs":1,"ok":false,"text":"***\\nsecond"}\n\n',
    )
  })
})
