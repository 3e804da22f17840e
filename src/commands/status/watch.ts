/**
 * `status --watch`: draws one look after the other in place, until the person has seen enough.
 *
 * It draws on the terminal's second screen (xterm's private mode 1049), so that what was there
 * before is there again afterwards. Source of the sequences: ECMA-48, xterm ctlseqs.
 */
import { printable } from '../../presentation/printable.ts'
import { cut } from '../columns.ts'
import type { EndRequest, Terminal } from '../terminal.ts'

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE_END = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

interface WatchOptions {
  /**
   * Takes a look.
   *
   * @returns The lines to draw for a width. A gateway that is away is a look too.
   */
  readonly look: () => Promise<(width: number) => readonly string[]>
  readonly terminal: Terminal
  readonly end: EndRequest
  /** Waits between two looks; stops waiting when the signal is aborted. */
  readonly pause: (signal: AbortSignal) => Promise<void>
}

/** Draws until the end is asked for; the terminal is then as it was, whatever happened. */
export async function watch({ look, terminal, end, pause }: WatchOptions): Promise<void> {
  let lines: (width: number) => readonly string[] = () => ['asking the gateway ...']
  const draw = (): void => {
    terminal.write(frame(lines(widthOf(terminal)), terminal))
  }
  const stop = new AbortController()
  const ended = end.promise.then(() => {
    stop.abort()
    return undefined
  })
  terminal.write(ENTER)
  terminal.on('resize', draw)
  try {
    draw()
    while (!stop.signal.aborted) {
      const looked = await Promise.race([look(), ended])
      if (looked === undefined) break
      lines = looked
      draw()
      await Promise.race([pause(stop.signal), ended])
    }
  } finally {
    terminal.off('resize', draw)
    terminal.write(LEAVE)
    end.dispose()
  }
}

/** One less than there is: a terminal that has just filled its last column wraps or erases as it likes. */
function widthOf(terminal: Terminal): number {
  return Math.max(1, terminal.columns - 1)
}

/** One whole screen: written over the last one line by line, so that nothing flickers. */
function frame(lines: readonly string[], terminal: Terminal): string {
  const height = Math.max(1, terminal.rows)
  const shown =
    lines.length <= height
      ? lines
      : [...lines.slice(0, height - 1), `... ${lines.length - height + 1} more lines; make the window higher`]
  return (
    HOME +
    shown.map((line) => cut(printable(line), widthOf(terminal)) + CLEAR_LINE_END).join('\r\n') +
    CLEAR_BELOW
  )
}
