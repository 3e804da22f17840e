/**
 * The drawing of `status --watch`, on a terminal that collects what is written.
 */
import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { watch } from '../../../../src/commands/status/watch.ts'
import { settle } from '../../../support/clock/manual-clock.ts'

class FakeTerminal extends EventEmitter {
  columns = 20
  rows = 4
  written = ''

  write(text: string): void {
    this.written += text
  }

  /** The frames drawn so far, each as its lines, without the sequences. */
  frames(): string[][] {
    return this.written
      .split('\x1b[H')
      .slice(1)
      .map((frame) => frame.replaceAll(/\x1b\[\??[0-9]*[A-Za-z]/g, '').split('\r\n'))
  }
}

/** Starts watching; `next` lets one pause end, `end` is Ctrl-C. */
function start(look: () => Promise<(width: number) => readonly string[]>) {
  const terminal = new FakeTerminal()
  let next = (): void => {}
  let end = (): void => {}
  let disposed = false
  const promise = new Promise<NodeJS.Signals>((resolve) => {
    end = () => resolve('SIGINT')
  })
  const done = watch({
    look,
    terminal,
    end: {
      promise,
      dispose: () => {
        disposed = true
      },
    },
    pause: () =>
      new Promise((resolve) => {
        next = resolve
      }),
  })
  return { terminal, done, end, next: () => next(), disposed: () => disposed }
}

describe('watch', () => {
  test('draws each look over the last one, and gives the terminal back at the end', async () => {
    let looks = 0
    const { terminal, done, end, next, disposed } = start(async () => {
      const n = ++looks
      return () => [`look ${n}`]
    })
    await settle()
    next()
    await settle()
    end()
    await done
    expect(terminal.frames()).toEqual([
      ['asking the gateway ...'.slice(0, 18).concat('~')],
      ['look 1'],
      ['look 2'],
    ])
    expect(terminal.written.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true)
    expect(terminal.written.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
    expect([disposed(), terminal.listenerCount('resize')]).toEqual([true, 0])
  })

  test('draws the same look anew when the window changes, with the new width', async () => {
    const { terminal, done, end } = start(async () => (width) => [`width ${width}`])
    await settle()
    terminal.columns = 80
    terminal.emit('resize')
    end()
    await done
    expect(terminal.frames().slice(1)).toEqual([['width 19'], ['width 79']])
  })

  test('says how much does not fit', async () => {
    const { terminal, done, end } = start(async () => () => ['1', '2', '3', '4', '5', '6'])
    await settle()
    terminal.columns = 80
    terminal.emit('resize')
    end()
    await done
    expect(terminal.frames().at(-1)).toEqual(['1', '2', '3', '... 3 more lines; make the window higher'])
  })

  test('ends although the gateway does not answer', async () => {
    const { terminal, done, end } = start(() => new Promise(() => {}))
    end()
    await done
    expect(terminal.written.endsWith('\x1b[?1049l')).toBe(true)
  })

  test('gives the terminal back when a look breaks', async () => {
    const { terminal, done } = start(() => Promise.reject(new Error('broken')))
    await expect(done).rejects.toThrow('broken')
    expect(terminal.written.endsWith('\x1b[?1049l')).toBe(true)
  })
})
