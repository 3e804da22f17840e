/**
 * What `npm run build` has made, in a directory of its own, for child processes: Node.js 20 runs no TypeScript, and
 * the folders of the checkout may be rebuilt at any moment.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const ROOT = new URL('../../../', import.meta.url).pathname

/** Copies the program and the library as they are shipped: `dist`. A package.json belongs beside `directory`. */
export function programInto(directory: string): void {
  cpSync(`${ROOT}dist`, directory, { recursive: true })
}

/** Copies the modules that they are made of, for programs that need one of them: `build`. */
export function modulesInto(directory: string): void {
  cpSync(`${ROOT}build`, directory, { recursive: true })
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
