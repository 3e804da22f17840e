/**
 * What becomes of a command when its standard output or error cannot be written.
 *
 *   serve, demo    nothing: a full disk or a closed terminal is no reason to leave Postfix without answers
 *   others         a reader that has seen enough (`mapgate query aliases - | head`) ends the command without
 *                  a word; anything else is EX_IOERR, since what was to be told did not arrive
 */
import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { EXIT_NOT_WRITTEN } from './exit-codes.ts'

/** Commands that answer others until they are stopped. */
const SERVING: ReadonlySet<string> = new Set(['serve', 'demo'])

const STANDARD_FDS = [0, 1, 2] as const

interface StandardStreams {
  /**
   * To be called before the process ends. Node.js gives each terminal back its settings at the
   * end, and aborts when the terminal is gone (node.cc, ResetStdio); it passes over closed descriptors.
   */
  readonly release: () => void
}

/** @param command The first argument of the command line. */
export function watchStandardStreams(process: NodeJS.Process, command: string | undefined): StandardStreams {
  const isServing = command !== undefined && SERVING.has(command)
  const terminals = STANDARD_FDS.filter((fd) => isatty(fd))
  const release = (): void => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd)
  }
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (isServing) return
    if (code !== 'EPIPE') process.stderr.write(`mapgate: standard output cannot be written (${code})\n`)
    release()
    process.exit(code === 'EPIPE' ? 0 : EXIT_NOT_WRITTEN)
  })
  // There is nobody left to tell.
  process.stderr.on('error', () => {})
  // RLIMIT_FSIZE: the write then fails with EFBIG, which is reported where it happened (setrlimit(2)).
  process.on('SIGXFSZ', () => {})
  return { release }
}
