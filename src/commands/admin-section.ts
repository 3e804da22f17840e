/**
 * The `admin` section of a configuration file, as an address to ask and a token to ask with.
 *
 * Only this section is read: a person who may ask the gateway need not be able to read the
 * secrets of the others, and `mapgate reload` must reach the gateway although the file is bad.
 */
import { dirname, relative } from 'node:path'
import { readDocument } from '../config/document.ts'
import { textFileReader } from '../config/read-file.ts'
import { substitute } from '../config/substitute.ts'
import { parseAddress } from '../core/system/address.ts'
import type { Tree } from '../schema/tree.ts'
import type { AdminSection } from './admin-target.ts'
import { credentialFolders, findConfigFile } from './config-file.ts'
import { CommandError, EXIT_CONFIG, EXIT_USAGE } from './exit-codes.ts'
import type { CommandIo } from './io.ts'
import { checkCommand } from './options.ts'

/** @returns Undefined when no file was named and no default file is there. */
export async function readAdminSection(
  named: string | undefined,
  io: CommandIo,
): Promise<AdminSection | undefined> {
  const file = await findConfigFile(named, io)
  if (file === undefined) return undefined
  const shown = named ?? file
  const read = textFileReader()
  const text = await read(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      EXIT_USAGE,
      `${shown}: cannot be read (${error.code}); give the address with --admin`,
    )
  })
  const document = readDocument(text)
  if (document.tree === null) {
    throw new CommandError(
      EXIT_CONFIG,
      `${shown}: is no YAML map; ${checkCommand(shown)} says where. Give the address with --admin`,
    )
  }
  const written = property(document.tree, 'admin')
  if (written === undefined) {
    throw new CommandError(
      EXIT_CONFIG,
      `${shown}: has no admin section; add one, or give the address with --admin`,
    )
  }
  const { tree, problems } = await substitute(written, {
    env: io.env,
    readFile: read,
    folder: dirname(file),
    credentials: credentialFolders(io, 'running'),
  })
  // A token that this user may not read is left out: the gateway says if it needs one.
  const unread = new Set(problems.map(({ path }) => JSON.stringify(path)))
  const listen = property(tree, 'listen')
  if (typeof listen !== 'string' || unread.has('["listen"]')) {
    throw new CommandError(
      EXIT_CONFIG,
      `${shown}: admin.listen cannot be read; give the address with --admin`,
    )
  }
  return {
    file: relative(io.cwd, file).startsWith('..') ? file : relative(io.cwd, file),
    address: addressToAsk(listen, property(tree, 'tls') !== undefined, shown),
    token: bestToken(tree, unread),
  }
}

/** An operator's token if there is one: `purge` and `reload` need it, reading is allowed to it too. */
function bestToken(admin: Tree, unread: ReadonlySet<string>): string | undefined {
  const tokens = property(admin, 'tokens')
  if (!Array.isArray(tokens)) return undefined
  const readable = tokens.filter((_, index) => !unread.has(JSON.stringify(['tokens', index, 'token'])))
  const best = readable.find((entry) => property(entry, 'role') === 'operator') ?? readable[0]
  const token = best === undefined ? undefined : property(best, 'token')
  return typeof token === 'string' ? token : undefined
}

/** Turns where the gateway listens into where it can be asked from this machine. */
function addressToAsk(listen: string, tls: boolean, shown: string): string {
  const address = parseAddress(listen)
  switch (address.kind) {
    case 'inet': {
      const host = ANY_ADDRESS[address.host] ?? address.host
      const scheme = tls ? 'https' : 'http'
      return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`
    }
    case 'unix':
      return `unix:${address.path}`
    case 'systemd':
      throw new CommandError(
        EXIT_CONFIG,
        `${shown}: admin.listen is a socket of systemd, whose address is not in the file; give it with --admin`,
      )
    case 'invalid':
      throw new CommandError(EXIT_CONFIG, `${shown}: admin.listen: ${address.why}`)
  }
}

/** Who listens on every address is reached on loopback. */
const ANY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function property(tree: Tree | undefined, name: string): Tree | undefined {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return undefined
  return Object.hasOwn(tree, name) ? tree[name] : undefined
}
