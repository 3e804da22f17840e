/**
 * The server's clock as a gateway knows it, when one of the clocks takes a step: answers are never made younger by it.
 */
import { expect, test } from 'vitest'
import { ServerClock } from '../../../src/tier/server-clock.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

const WALL = Date.UTC(2026, 0, 1)

/** Our clock, and that of a server which is an hour ahead. */
function start() {
  const clock = new ManualClock(1_000_000, WALL)
  const setBack: number[] = []
  const server = { aheadMs: 3_600_000, replyTakesMs: 0 }
  const startMs = clock.monotonicMs()
  const connection = {
    send: async () => {
      const ms = WALL + clock.monotonicMs() - startMs + server.aheadMs
      clock.advance(server.replyTakesMs)
      return [String(Math.floor(ms / 1000)), String((ms % 1000) * 1000)]
    },
    close: () => {},
  }
  const serverClock = new ServerClock(clock, (untilMs) => setBack.push(untilMs))
  return { clock, server, setBack, serverClock, compare: () => serverClock.compare(connection) }
}

test('it goes on as ours does, and what the reply took is not known of it', async () => {
  const { clock, server, serverClock, compare } = start()
  server.replyTakesMs = 30
  expect(await compare()).toBe(30)
  expect(serverClock.nowMs()).toBe(WALL + 3_600_030)
  expect(serverClock.earliestMs()).toBe(WALL + 3_600_000)
  clock.advance(1000)
  expect(serverClock.nowMs()).toBe(WALL + 3_601_030)
})

test.for([
  ['forward', 600_000, 3_601_000 + 600_000, 3_601_000],
  ['back', -600_000, 3_601_000, 3_601_000 - 600_000],
] as const)(
  'our wall clock that is set %s makes things older, and none newer',
  async ([, stepMs, now, earliest]) => {
    const { clock, serverClock, compare } = start()
    await compare()
    clock.advance(1000)
    clock.stepWall(stepMs)
    expect(serverClock.nowMs()).toBe(WALL + now)
    expect(serverClock.earliestMs()).toBe(WALL + earliest)
    await compare()
    expect(serverClock.nowMs()).toBe(WALL + 3_601_000)
    expect(serverClock.earliestMs()).toBe(WALL + 3_601_000)
  },
)

test.for([
  [1002, []],
  // What others store before they notice counts as before it, too.
  [1003, [WALL + 3_602_000 + 5000]],
  [3_600_000, [WALL + 3_602_000 + 5000]],
] as const)(
  "a server's clock that is set back by %i ms is noticed from a second on",
  async ([backMs, told]) => {
    const { clock, server, setBack, serverClock, compare } = start()
    await compare()
    clock.advance(2000)
    server.aheadMs -= backMs
    await compare()
    expect(setBack).toEqual(told)
    expect(serverClock.nowMs()).toBe(WALL + 3_602_000 - backMs)
    clock.advance(2000)
    await compare()
    expect(setBack).toEqual(told)
  },
)

test('a clock that goes a little slower than ours for a day was not set back, nor one that is set forward', async () => {
  const { clock, server, setBack, compare } = start()
  await compare()
  clock.advance(86_400_000)
  server.aheadMs -= 43_200
  await compare()
  server.aheadMs += 3_600_000
  await compare()
  expect(setBack).toEqual([])
})
