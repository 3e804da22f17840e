#!/usr/bin/env node
/**
 * The `mapgate` program: connects the command line to this process.
 */
import { runProgram } from './commands/program.ts'

// A reader that has seen enough (`mapgate query aliases - | head`) is no error to report.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const exitCode = await runProgram(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  terminal: process.stdout.isTTY ? process.stdout : undefined,
  script: process.argv[1] ?? 'mapgate',
})

// Nothing is left to do: a connection that lingers must not keep the program alive. What was
// written to a pipe must leave first.
process.stdout.write('', () => process.exit(exitCode))
