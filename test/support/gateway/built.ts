/**
 * The program compiled to JavaScript in a directory of its own, for child processes: Node.js 20
 * runs no TypeScript, and the shared `dist` may be rebuilt at any moment.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const ROOT = new URL('../../../', import.meta.url).pathname

/** Compiles `src` into `directory`, as `npm run build` does into `dist`, without checking types again. */
export function buildInto(directory: string): void {
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  execFileSync(tsc, ['-p', join(ROOT, 'tsconfig.build.json'), '--noCheck', '--outDir', directory], {
    stdio: 'pipe',
  })
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
}

export interface Child {
  readonly process: ChildProcess
  /** Resolves with the next line of its standard output, in order. */
  line(): Promise<string>
}

/** Starts a program; it is ended with the test. `stdio` are further descriptors, from 3 on. */
export function startChild(
  command: string,
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; fds?: readonly number[] } = {},
): Child {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit', ...(options.fds ?? [])],
    env: { ...process.env, ...options.env },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  if (child.stdout === null) throw new TypeError('no standard output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    async line() {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the child process has ended')
      return value
    },
  }
}
