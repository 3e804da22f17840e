/**
 * The two tables that are compared, as they are named on the command line.
 *
 *   aliases                       a table of a running gateway, asked through its admin API
 *   socketmap:inet:…              a server on the wire, as `mapgate query` asks it
 *   postmap:TYPE:NAME             what the local Postfix reads
 */
import type { LookupResult } from '../../core/result.ts'
import type { Protocols } from '../../protocols/registry.ts'
import { postmapFile } from '../demo/find-postmap.ts'
import { CommandError, EXIT_PERMANENT, EXIT_UNREACHABLE, EXIT_USAGE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import type { QueryOptions } from '../lookup/lookup-client.ts'
import { openLookupClient } from '../lookup/open.ts'
import { PostmapSide, postmapRunner } from './postmap-side.ts'

/** One of the two. */
export interface Side {
  /** As it was named. */
  readonly shown: string
  /** @returns A result for each key, in their order. Rejects with CommandError when nobody can be asked. */
  ask(keys: readonly Buffer[]): Promise<readonly LookupResult[]>
  close(): Promise<void>
}

/** How what the local Postfix reads is named: the rest is its TYPE:NAME. */
const POSTMAP = 'postmap:'

export async function openSide(
  target: string,
  options: QueryOptions,
  io: CommandIo,
  protocols: Protocols,
): Promise<Side> {
  if (target.startsWith(POSTMAP)) {
    const side = new PostmapSide(target.slice(POSTMAP.length), postmapRunner(await postmap(io.env), io.env))
    await side.tryOpen()
    return side
  }
  const client = await openLookupClient(target, options, io, protocols)
  if (client.askAttributes !== undefined) {
    await client.close()
    throw new CommandError(EXIT_USAGE, `${target}: is asked by attributes, and has no keys to compare`)
  }
  return {
    shown: target,
    ask: (keys) =>
      Promise.all(
        keys.map(async (key) => {
          const { result } = await client.ask(key)
          if (result.kind === 'permanent' && result.cause === 'no-table')
            throw new CommandError(EXIT_PERMANENT, `${target}: ${result.reason}`)
          return result
        }),
      ),
    close: () => client.close(),
  }
}

async function postmap(env: CommandIo['env']): Promise<string> {
  const file = await postmapFile(env.PATH)
  if (file !== undefined) return file
  throw new CommandError(
    EXIT_UNREACHABLE,
    `${POSTMAP}TYPE:NAME needs postmap(1) of Postfix, which is not in PATH`,
  )
}
