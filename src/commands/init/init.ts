/**
 * `mapgate init`: writes a commented first mapgate.yaml, and never over another one.
 */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CommandError, EXIT_OK, EXIT_PERMANENT } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import { FIRST_FILE } from './first-file.ts'

const NAME = 'mapgate.yaml'

/** Secrets may be written into it later, so others get no access. */
const MODE = 0o640

/** Runs `init`. */
export async function init(io: CommandIo): Promise<number> {
  try {
    // `wx` fails when the file is there: nothing can come between a look and the writing.
    await writeFile(resolve(io.cwd, NAME), FIRST_FILE, { flag: 'wx', mode: MODE })
  } catch (error) {
    throw new CommandError(EXIT_PERMANENT, `./${NAME} ${whyNotWritten(error)}`)
  }
  io.stdout.write(`wrote ./${NAME}; edit it, then run: mapgate check\n`)
  return EXIT_OK
}

function whyNotWritten(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return code === 'EEXIST'
    ? 'is already there and stays as it is; remove it first'
    : `cannot be written (${code})`
}
