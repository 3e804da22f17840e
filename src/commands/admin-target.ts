/**
 * Where a command finds the gateway's admin API, and with which token.
 *
 *   --admin URL|unix:PATH, --token-file FILE
 *   MAPGATE_ADMIN, MAPGATE_TOKEN
 *   -c FILE                           its `admin` section
 *   ./mapgate.yaml, /etc/mapgate/mapgate.yaml
 *   http://127.0.0.1:8466             where `mapgate demo` and the examples have it
 *
 * The first that is there counts. The address and the token are looked for separately, but a
 * token out of a configuration file goes only to the address out of that same file, and a token that
 * was given only to an address that was given too, or that a named file has.
 */
import { resolve } from 'node:path'
import { readTextFile, whyUnreadable } from '../config/read-file.ts'
import { CommandError, EXIT_USAGE } from './exit-codes.ts'
import type { CommandIo } from './io.ts'

/** The options that every command with an admin connection has. */
export interface AdminOptions {
  readonly admin?: string
  readonly tokenFile?: string
  readonly config?: string
}

/** A gateway that can be asked. */
export interface AdminTarget {
  /** For messages: never with a user name, password or token. */
  readonly shown: string
  /** `http://host:port` or `https://host:port`; `http://localhost` for a unix socket. */
  readonly origin: string
  readonly socketPath?: string
  /** Path before `/api`, without a trailing slash; '' for none. */
  readonly pathPrefix: string
  readonly token?: string
  /** Set for the gateway of a configuration file on loopback: any certificate will do. */
  readonly anyCertificate?: true
  /** How the address was found, for the message when nobody is there. */
  readonly from: string
}

/** What the `admin` section of a configuration file says. */
export interface AdminSection {
  /** As `--admin` has it. */
  readonly address: string
  readonly token: string | undefined
  /** The file, for messages. */
  readonly file: string
}

/** Reads that section. Undefined: no file was named and the default files are not there. */
type ReadAdminSection = (config: string | undefined, io: CommandIo) => Promise<AdminSection | undefined>

/** Where the gateway is when nothing says otherwise. Ours: the port of the examples and of the demo. */
export const DEFAULT_ADMIN = 'http://127.0.0.1:8466'

/** What {@link AdminTarget.from} says then. */
export const DEFAULT_FROM = 'the default address'

/**
 * Finds the gateway to ask.
 *
 * @throws CommandError for an address that is none, a token file that cannot be read, or a bad configuration.
 */
export async function findAdmin(
  options: AdminOptions,
  io: CommandIo,
  readAdminSection: ReadAdminSection,
): Promise<AdminTarget> {
  const given = await givenToken(options, io)
  const named = namedAddress(options, io)
  if (named !== undefined) return target(named.address, named.from, given)

  const section = await readAdminSection(options.config, io)
  if (section === undefined) {
    // Where no gateway listens, any user of the machine may.
    if (given !== undefined)
      tellKept(`the default address ${DEFAULT_ADMIN}`, `add --admin ${DEFAULT_ADMIN}`, io)
    return target(DEFAULT_ADMIN, DEFAULT_FROM, undefined)
  }
  const isNamed = options.config !== undefined
  if (given !== undefined && !isNamed) {
    tellKept(`the address in ${section.file}`, `add -c ${section.file} or --admin`, io)
  }
  const found = target(section.address, section.file, isNamed ? (given ?? section.token) : section.token)
  return isLoopbackTls(found.origin) ? { ...found, anyCertificate: true } : found
}

function tellKept(where: string, what: string, io: CommandIo): void {
  io.stderr.write(`mapgate: the given token is not sent to ${where}, which was not named; ${what}\n`)
}

/**
 * A certificate is for the gateway's name, and the file names an address. On loopback there is nobody
 * between who could read the token, no more than with plain HTTP there; and `mapgate reload` of the
 * systemd unit must also reach a gateway that still shows the certificate before a renewal.
 */
function isLoopbackTls(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' && /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname)
}

/** The address that was typed or set; an explicit `-c` counts before the environment. */
function namedAddress(
  options: AdminOptions,
  io: CommandIo,
): { readonly address: string; readonly from: string } | undefined {
  if (options.admin !== undefined) return { address: options.admin, from: '--admin' }
  if (options.config !== undefined) return undefined
  const address = io.env.MAPGATE_ADMIN
  return address === undefined || address === '' ? undefined : { address, from: 'MAPGATE_ADMIN' }
}

async function givenToken(options: AdminOptions, io: CommandIo): Promise<string | undefined> {
  if (options.tokenFile === undefined) return io.env.MAPGATE_TOKEN || undefined
  const file = resolve(io.cwd, options.tokenFile)
  const text = await readTextFile(file).catch((error: unknown) => {
    throw new CommandError(
      EXIT_USAGE,
      `--token-file ${options.tokenFile}: cannot be read: ${whyUnreadable(error)}`,
    )
  })
  const token = text.trim()
  if (token !== '' && /^[\x21-\x7e]+$/.test(token)) return token
  throw new CommandError(
    EXIT_USAGE,
    `--token-file ${options.tokenFile}: expected one line with the token, in printable ASCII without spaces`,
  )
}

function target(address: string, from: string, token: string | undefined): AdminTarget {
  const common = { from, ...(token === undefined ? {} : { token }) }
  if (address.startsWith('unix:')) {
    const socketPath = address.slice('unix:'.length)
    if (socketPath === '') throw new CommandError(EXIT_USAGE, `${from}: expected a path after unix:`)
    return { ...common, shown: address, origin: 'http://localhost', socketPath, pathPrefix: '' }
  }
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CommandError(EXIT_USAGE, `${from}: expected http://HOST:PORT, https://HOST:PORT or unix:PATH`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandError(
      EXIT_USAGE,
      `${from}: the address has a user name or password in it; give a token with --token-file or MAPGATE_TOKEN`,
    )
  }
  const pathPrefix = url.pathname.replace(/\/+$/, '')
  return { ...common, shown: url.origin + pathPrefix, origin: url.origin, pathPrefix }
}
