/**
 * `mapgate keys`: the addresses that a mail server was asked about, out of its log, each once, for `mapgate compare`.
 */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { counted } from '../../presentation/format.ts'
import { CommandError, EXIT_NOT_FOUND, EXIT_OK, EXIT_USAGE } from '../exit-codes.ts'
import { inputLines } from '../input-lines.ts'
import type { InteractiveIo } from '../terminal.ts'
import { addressesIn, domainOf } from './log-addresses.ts'

/** Most keys that are kept to print each once. Ours: about 500 MB; the logs of a year of a large site have fewer. */
const MAX_KEYS = 5_000_000

const LINE = { what: 'line', maxBytes: 1_048_576 }

export interface KeysOptions {
  readonly recipients?: boolean
  readonly senders?: boolean
  /** The domains of the addresses in their place. */
  readonly domains?: boolean
}

/** @param files Logs, oldest first; `-` and none at all are standard input. */
export async function keys(
  files: readonly string[],
  options: KeysOptions,
  io: InteractiveIo,
): Promise<number> {
  const { senders = false, recipients = !senders, domains = false } = options
  const seen = new Set<string>()
  let lines = 0
  for (const file of files.length === 0 ? ['-'] : files) {
    for await (const line of inputLines(file === '-' ? io.stdin : contentOf(file), LINE)) {
      lines++
      const found = addressesIn(line.toString())
      for (const address of [...(senders ? found.senders : []), ...(recipients ? found.recipients : [])]) {
        const key = domains ? domainOf(address) : address
        if (key === undefined || seen.has(key)) continue
        if (seen.size >= MAX_KEYS)
          throw new CommandError(
            EXIT_USAGE,
            `more than ${MAX_KEYS} different keys; give fewer files at a time`,
          )
        seen.add(key)
        io.stdout.write(`${key}\n`)
      }
    }
  }
  if (seen.size > 0) return EXIT_OK
  io.stderr.write(
    `mapgate keys: ${counted(lines, 'line')} without an address; is this the log of Postfix (postconf maillog_file, or journalctl -t postfix/qmgr)?\n`,
  )
  return EXIT_NOT_FOUND
}

/** A rotated log is unpacked. */
async function* contentOf(file: string): AsyncGenerator<Uint8Array> {
  const bytes = createReadStream(file)
  const content: AsyncIterable<Uint8Array> = file.endsWith('.gz') ? bytes.compose(createGunzip()) : bytes
  try {
    yield* content
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CommandError(EXIT_USAGE, `${file}: cannot be read: ${code ?? message}`)
  }
}
