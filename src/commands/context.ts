/**
 * What the program hands to each of its commands.
 */
import type { InteractiveIo, Terminal } from './terminal.ts'

/** The surroundings of the whole program. */
export interface ProgramIo extends InteractiveIo {
  /** Set when standard output is a terminal. */
  readonly terminal: Terminal | undefined
  /** `process.argv[1]`. */
  readonly script: string
}

/** What a command needs of the program: the world, and where its exit code goes. */
export interface CommandContext {
  readonly io: ProgramIo
  finish(exitCode: number): void
}
