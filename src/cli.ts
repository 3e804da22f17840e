#!/usr/bin/env node
/**
 * The `mapgate` program: connects the command line to this process.
 */
import { useCompileCache } from './commands/compile-cache.ts'
import { watchStandardStreams } from './commands/standard-streams.ts'

const streams = watchStandardStreams(process, process.argv[2])
useCompileCache(process.env)
const { runProgram } = await import('./commands/program.ts')
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
// written to a pipe must leave first, and an error of it must be heard.
process.stdout.write('', () =>
  setImmediate(() => {
    streams.release()
    process.exit(exitCode)
  }),
)
