/**
 * What the exit code of a command says. Source: sysexits(3), whose numbers Postfix pipes
 * understand too; 0 and 1 as postmap(1) has them.
 */
export const EXIT_OK = 0
/** `query`: the key does not exist. `check`: the file has problems. */
export const EXIT_NOT_FOUND = 1
/** EX_USAGE: the command line is wrong. */
export const EXIT_USAGE = 64
/** EX_UNAVAILABLE: the gateway or server cannot be reached, or does not speak as expected. */
export const EXIT_UNREACHABLE = 69
/** EX_SOFTWARE: a bug here ended it. */
export const EXIT_DEFECT = 70
/** EX_IOERR: what was to be told could not be written. */
export const EXIT_NOT_WRITTEN = 74
/** EX_TEMPFAIL: nobody knows at the moment; ask again later. */
export const EXIT_TEMPORARY = 75
/** EX_NOPERM: asking again does not help before somebody changes something. */
export const EXIT_PERMANENT = 77
/** EX_CONFIG: the configuration is bad. */
export const EXIT_CONFIG = 78

/** Ends a command with one line on standard error and an exit code. */
export class CommandError extends Error {
  readonly code = 'MAPGATE_ERR_COMMAND'
  readonly exitCode: number

  /** @param message What was tried, what happened, what to do: one line, never with a token in it. */
  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}
