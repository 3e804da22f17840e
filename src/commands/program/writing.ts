/**
 * The commands around the configuration file: init, check, schema, main-cf.
 */
import type { Command } from 'commander'
import type { ProgramContext } from '../program.ts'

export function addWritingCommands(_program: Command, _context: ProgramContext): void {}
