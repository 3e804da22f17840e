/**
 * The real postmap(1): asks any table as Postfix does, one key or many.
 */
import { spawn } from 'node:child_process'

/** What `postmap -q` did. */
export interface PostmapResult {
  /** 0 found, 1 not found or failed: only the warning on standard error tells which. */
  readonly status: number | null
  /** One line per found key: the value, or for many keys `key TAB value`. */
  readonly stdout: Buffer
  readonly stderr: string
}

/** Where and how postmap runs. */
export interface PostmapPlace {
  readonly configDirectory: string
  /** Working directory: relative unix socket paths begin here. */
  readonly queueDirectory?: string
}

/** Asks for one key, given on the command line: `postmap -q KEY TABLE`. */
export function postmapQuery(place: PostmapPlace, table: string, key: string): Promise<PostmapResult> {
  return postmap(place, ['-q', key, table], undefined)
}

/** Asks for many keys on standard input, one per line, of any bytes: `postmap -q - TABLE`. */
export function postmapQueryAll(place: PostmapPlace, table: string, keys: Buffer): Promise<PostmapResult> {
  return postmap(place, ['-q', '-', table], keys)
}

/** Removes one key: `postmap -d KEY TABLE`. */
export function postmapDelete(place: PostmapPlace, table: string, key: string): Promise<PostmapResult> {
  return postmap(place, ['-d', key, table], undefined)
}

function postmap(
  place: PostmapPlace,
  args: readonly string[],
  input: Buffer | undefined,
): Promise<PostmapResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('/usr/sbin/postmap', ['-c', place.configDirectory, ...args], {
      cwd: place.queueDirectory ?? place.configDirectory,
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.once('error', reject)
    child.once('close', (status) =>
      resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    )
    // postmap may end before it has read everything, which is its result and not our failure.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
