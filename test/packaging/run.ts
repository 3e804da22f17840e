/**
 * Runs programs for the tests of packages and pages, and tells which are missing.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Longest time for one program, ms. Ours: the longest here, building a package, takes 15 s. */
const RUN_TIMEOUT_MS = 120_000

/** What a program did. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
}

/** Runs one program to its end. A status other than 0 is a result, not an error. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      timeout: RUN_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
  })
}

/** Runs one program that must end with 0. @returns Its standard output. */
export async function runOk(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, options)
  if (status === 0) return stdout
  throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stderr}${stdout}`)
}

/** Returns what is missing of these programs. */
export function missingProgram(...programs: string[]): string | undefined {
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':')
  return programs.find((program) => !folders.some((folder) => existsSync(`${folder}/${program}`)))
}

/** Skips a test and says why. With `CI=true` a test that skips is a failure. */
export function skipWithout(context: { skip(note?: string): void }, reason: string | undefined): void {
  if (reason === undefined) return
  if (process.env.CI === 'true') throw new Error(`a test ${reason}`)
  context.skip(reason)
}
