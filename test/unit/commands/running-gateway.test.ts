/**
 * How long a gateway runs, and what signals do to it.
 */
import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { type Ending, runUntilSignal } from '../../../src/commands/running-gateway.ts'
import { ManualClock, settle } from '../../support/clock/manual-clock.ts'
import { type RecordedIo, recordIo } from '../../support/gateway/command-io.ts'

/** A gateway whose stop takes until `drained` is called. */
function start(
  options: {
    reload?: () => Promise<readonly string[]>
    childEnded?: Promise<void>
    hangup?: 'reload' | 'end'
    started?: Promise<void>
  } = {},
) {
  const signals = new EventEmitter()
  const clock = new ManualClock()
  const io: RecordedIo = recordIo()
  const calls: string[] = []
  let drained = (): void => {}
  const gateway = {
    reload: async () => {
      calls.push('reload')
      return options.reload?.() ?? []
    },
    stop: () => {
      calls.push('stop')
      return new Promise<void>((resolve) => {
        drained = resolve
      })
    },
  }
  const ending: Promise<Ending> = runUntilSignal(
    (options.started ?? Promise.resolve()).then(() => gateway),
    signals,
    io,
    options.childEnded,
    clock,
    options.hangup,
  )
  return { signals, clock, io, calls, ending, drained: () => drained() }
}

describe('runUntilSignal', () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} stops the gateway and waits until everything is answered`, async () => {
      const { signals, calls, ending, drained } = start()
      signals.emit(signal, signal)
      await settle()
      expect(calls).toEqual(['stop'])
      drained()
      expect(await ending).toBe('stopped')
      expect(signals.eventNames()).toEqual([])
    })
  }

  test('a second signal does not wait', async () => {
    const { signals, clock, ending } = start()
    signals.emit('SIGINT')
    await settle()
    clock.advance(300)
    signals.emit('SIGTERM')
    expect(await ending).toBe('forced')
    expect(signals.eventNames()).toEqual([])
  })

  test('a second signal within 300 ms is the first one, passed on by npm', async () => {
    const { signals, clock, calls, ending, drained } = start()
    signals.emit('SIGINT')
    clock.advance(299)
    signals.emit('SIGINT')
    await settle()
    expect(calls).toEqual(['stop'])
    drained()
    expect(await ending).toBe('stopped')
  })

  describe('while the gateway starts, and answers its first questions', () => {
    function starting() {
      let go = (): void => {}
      let fail = (_: Error): void => {}
      const started = new Promise<void>((resolve, reject) => {
        go = resolve
        fail = reject
      })
      return { ...start({ started }), go: () => go(), fail: (why: Error) => fail(why) }
    }

    test('SIGTERM stops it once it has started, in order', async () => {
      const { signals, calls, ending, drained, go } = starting()
      signals.emit('SIGTERM')
      await settle()
      expect(calls).toEqual([])
      go()
      await settle()
      expect(calls).toEqual(['stop'])
      drained()
      expect(await ending).toBe('stopped')
    })

    test('a second signal does not wait for the start', async () => {
      const { signals, clock, calls, ending } = starting()
      signals.emit('SIGTERM')
      clock.advance(300)
      signals.emit('SIGTERM')
      expect(await ending).toBe('forced')
      expect(calls).toEqual([])
    })

    test('SIGHUP reads the file again once it has started', async () => {
      const { signals, calls, ending, drained, go } = starting()
      signals.emit('SIGHUP')
      await settle()
      expect(calls).toEqual([])
      go()
      await settle()
      expect(calls).toEqual(['reload'])
      signals.emit('SIGTERM')
      await settle()
      drained()
      expect(await ending).toBe('stopped')
    })

    test('a start that fails is the end, whatever was asked for', async () => {
      const { signals, ending, fail } = starting()
      signals.emit('SIGHUP')
      signals.emit('SIGTERM')
      const rejected = expect(ending).rejects.toThrow('port taken')
      fail(new Error('port taken'))
      await rejected
      expect(signals.eventNames()).toEqual([])
    })
  })

  test('SIGHUP reloads and runs on', async () => {
    const { signals, io, calls, ending, drained } = start()
    signals.emit('SIGHUP')
    await settle()
    expect(calls).toEqual(['reload'])
    expect(io.err()).toBe('')
    signals.emit('SIGTERM')
    await settle()
    drained()
    expect(await ending).toBe('stopped')
  })

  test('SIGHUP ends what somebody runs in a terminal, which was closed', async () => {
    const { signals, calls, ending, drained } = start({ hangup: 'end' })
    signals.emit('SIGHUP')
    await settle()
    expect(calls).toEqual(['stop'])
    drained()
    expect(await ending).toBe('stopped')
    expect(signals.eventNames()).toEqual([])
  })

  test('a second SIGHUP waits for the first reload', async () => {
    let finish = (): void => {}
    const { signals, calls, ending, drained } = start({
      reload: () =>
        new Promise((resolve) => {
          finish = () => resolve([])
        }),
    })
    signals.emit('SIGHUP')
    signals.emit('SIGHUP')
    await settle()
    expect(calls).toEqual(['reload'])
    finish()
    await settle()
    expect(calls).toEqual(['reload', 'reload'])
    signals.emit('SIGTERM')
    await settle()
    drained()
    await ending
  })

  test('a reload that breaks leaves the gateway running', async () => {
    const { signals, io, ending, drained } = start({ reload: () => Promise.reject(new Error('broken')) })
    signals.emit('SIGHUP')
    await settle()
    expect(io.err()).toBe('mapgate: the reload failed: broken\n')
    signals.emit('SIGTERM')
    await settle()
    drained()
    expect(await ending).toBe('stopped')
  })

  test('the end of a child stops the gateway', async () => {
    const { calls, ending, drained } = start({ childEnded: Promise.resolve() })
    await settle()
    expect(calls).toEqual(['stop'])
    drained()
    expect(await ending).toBe('child-ended')
  })
})
