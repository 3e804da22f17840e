/**
 * What a command sees of the world when it also reads from it, or draws on a terminal.
 */
import type { CommandIo } from './io.ts'

/** Surroundings of a command that reads standard input or writes bytes that are not text. */
export interface InteractiveIo extends CommandIo {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: ByteWriter
}

/** Takes text and bytes. */
interface ByteWriter {
  write(chunk: string | Uint8Array): unknown
}

/** A terminal that can be drawn on. `process.stdout` is one when `isTTY` is set. */
export interface Terminal {
  readonly columns: number
  readonly rows: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** Resolves when the person or the system asks the program to end; `dispose` stops waiting. */
export interface EndRequest {
  readonly promise: Promise<NodeJS.Signals>
  dispose(): void
}

/** Waits for Ctrl-C or `kill`. */
export function endRequest(): EndRequest {
  let dispose = (): void => {}
  const promise = new Promise<NodeJS.Signals>((resolve) => {
    const end = (signal: NodeJS.Signals): void => resolve(signal)
    process.on('SIGINT', end)
    process.on('SIGTERM', end)
    dispose = () => {
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
    }
  })
  return { promise, dispose: () => dispose() }
}
