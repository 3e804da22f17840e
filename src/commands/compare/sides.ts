/**
 * The two tables that are compared, as they are named on the command line.
 *
 *   aliases                       a table of a running gateway, asked through its admin API
 *   socketmap:inet:…              a server on the wire, as `mapgate query` asks it
 *   postmap:TYPE:NAME             what the local Postfix reads, or several maps as main.cf has them
 */
import { POSTFIX_PARAMETERS } from '../../config/postfix-parameters.ts'
import type { Protocols } from '../../protocols/registry.ts'
import { postmapFile } from '../demo/find-postmap.ts'
import { CommandError, EXIT_PERMANENT, EXIT_UNREACHABLE, EXIT_USAGE } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import type { QueryOptions } from '../lookup/lookup-client.ts'
import { openLookupClient } from '../lookup/open.ts'
import { mapsIn } from './map-list.ts'
import { PostmapSide, postmapRunner } from './postmap-side.ts'
import { SearchingSide } from './searching-side.ts'
import type { Side } from './side.ts'

/** How the two are asked. */
export interface SideOptions extends QueryOptions {
  /** A parameter of main.cf: maps are asked as Postfix asks for it. */
  readonly usedBy?: string
  readonly recipientDelimiter?: string
}

/** How what the local Postfix reads is named: the rest is its TYPE:NAME. */
const POSTMAP = 'postmap:'

export async function openSide(
  target: string,
  options: SideOptions,
  io: CommandIo,
  protocols: Protocols,
): Promise<Side> {
  if (target.startsWith(POSTMAP)) {
    const maps = mapsIn(target.slice(POSTMAP.length))
    if (maps.length === 0)
      throw new CommandError(EXIT_USAGE, `${target}: names no map; write ${POSTMAP}TYPE:NAME`)
    const side = new PostmapSide(maps, postmapRunner(await postmap(io.env), io.env))
    await side.tryOpen()
    const parameter = POSTFIX_PARAMETERS.get(options.usedBy ?? '')
    return parameter === undefined
      ? side
      : new SearchingSide(side, parameter, options.recipientDelimiter ?? '')
  }
  tellMap(target, protocols)
  const client = await openLookupClient(target, options, io, protocols)
  // A table says so when it is asked for a key.
  if (target.includes(':') && client.askAttributes !== undefined) {
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

/** What is copied out of main.cf is a map of Postfix, which postmap asks. */
function tellMap(target: string, protocols: Protocols): void {
  const [first = ''] = mapsIn(target)
  const isServer = Array.from(protocols.values()).some(({ client }) => first.startsWith(`${client?.scheme}:`))
  if (!first.includes(':') || isServer) return
  throw new CommandError(
    EXIT_USAGE,
    `${target}: did you mean ${POSTMAP}${target}? A and B are names of tables of the gateway, ${POSTMAP}TYPE:NAME for what the local Postfix reads, or servers (mapgate help compare)`,
  )
}

async function postmap(env: CommandIo['env']): Promise<string> {
  const file = await postmapFile(env.PATH)
  if (file !== undefined) return file
  throw new CommandError(
    EXIT_UNREACHABLE,
    `${POSTMAP}TYPE:NAME needs postmap(1) of Postfix, which is not in PATH`,
  )
}
