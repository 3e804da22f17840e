/**
 * Surroundings of a command that collect what it writes.
 */
import type { CommandIo } from '../../../src/commands/io.ts'

/** A {@link CommandIo} with everything else that a command may want. */
export interface RecordedIo extends CommandIo {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly script: string
  readonly terminal: undefined
  /** Everything written so far. */
  out(): string
  outBytes(): Buffer
  err(): string
}

export function recordIo(
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly stdin?: readonly (string | Uint8Array)[]
    readonly cwd?: string
    readonly script?: string
  } = {},
): RecordedIo {
  const out: Buffer[] = []
  const err: Buffer[] = []
  const writer = (chunks: Buffer[]): { write(chunk: string | Uint8Array): void } => ({
    write: (chunk) => {
      chunks.push(Buffer.from(chunk as string))
    },
  })
  return {
    stdout: writer(out),
    stderr: writer(err),
    env: options.env ?? {},
    cwd: options.cwd ?? '/nonexistent',
    // Not the one of this machine, where a package may be installed.
    configFolder: '/nonexistent/etc',
    stdin: chunksOf(options.stdin ?? []),
    script: options.script ?? '/opt/mapgate/dist/cli.js',
    terminal: undefined,
    out: () => Buffer.concat(out).toString(),
    outBytes: () => Buffer.concat(out),
    err: () => Buffer.concat(err).toString(),
  }
}

async function* chunksOf(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk as string)
}
