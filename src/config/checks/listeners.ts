/**
 * Listeners and the admin API: addresses, who may connect, and which tables are served.
 */
import { type Address, parseAddress } from '../../core/address.ts'
import type { Path } from '../issue.ts'
import { networkError } from '../network.ts'
import { reachOf } from '../reach.ts'
import type { AdminFile } from '../schema/admin.ts'
import type { ListenerFile } from '../schema/listener.ts'
import { didYouMean } from '../suggest.ts'
import { type CheckContext, isWritten } from './context.ts'

export function checkListeners(context: CheckContext): void {
  const { file } = context
  const taken: Taken[] = []
  for (const [index, listener] of file.listeners.entries()) {
    const path = ['listeners', index]
    checkServedTables(context, listener, path)
    const address = checkAddress(context, listener.listen, path, taken)
    if (address === undefined) continue
    checkSocketKeys(context, address, path)
    checkAllow(context, listener, address, path)
  }
  if (file.admin === undefined) return
  const address = checkAddress(context, file.admin.listen, ['admin'], taken)
  if (address !== undefined) checkAdmin(context, file.admin, address)
}

/** An address in use, and whose it is. */
interface Taken {
  readonly address: Address
  readonly owner: string
}

/** Reads the address, and refuses one that another listener has. */
function checkAddress(
  context: CheckContext,
  listen: string,
  path: Path,
  taken: Taken[],
): Address | undefined {
  const at = [...path, 'listen']
  const address = parseAddress(listen)
  if (address.kind === 'invalid') {
    context.report.error(at, `${context.show(at, listen)} is no address: ${address.why}`)
    return undefined
  }
  const other = taken.find((before) => overlap(before.address, address))
  if (other !== undefined) {
    context.report.error(
      at,
      `${context.show(at, listen)} is the address of ${other.owner} too; choose another`,
    )
  }
  taken.push({ address, owner: path.length === 1 ? String(path[0]) : `${path[0]}[${path[1]}]` })
  return address
}

/** Names of "every address of this machine", which take the port from all others. */
const WILDCARDS = new Set(['0.0.0.0', '::'])

function overlap(a: Address, b: Address): boolean {
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path
  if (a.kind === 'systemd') return b.kind === 'systemd' && a.name === b.name
  if (b.kind !== 'inet' || a.port !== b.port || a.port === 0) return false
  const sameHost = a.host.toLowerCase() === b.host.toLowerCase()
  return sameHost || WILDCARDS.has(a.host) || WILDCARDS.has(b.host)
}

function checkServedTables(context: CheckContext, listener: ListenerFile, path: Path): void {
  const { report, file } = context
  const names = Object.keys(file.tables)
  const known = (name: string, at: Path): void => {
    if (!names.includes(name)) {
      report.error(at, `there is no table ${context.show(at, name)}; ${didYouMean(name, names)}`)
    }
  }
  if (listener.protocol === 'socketmap') {
    if (listener.table !== undefined) {
      report.keyError(
        path,
        'table',
        '"table" belongs to tcp_table; a socketmap listener has "tables", a list',
      )
    }
    for (const [index, name] of (listener.tables ?? []).entries()) known(name, [...path, 'tables', index])
    return
  }
  if (listener.tables !== undefined) {
    report.keyError(
      path,
      'tables',
      '"tables" belongs to socketmap; a tcp_table listener has "table", one name',
    )
  }
  if (listener.table !== undefined) known(listener.table, [...path, 'table'])
  else
    report.error(
      path,
      '"table" is missing: tcp_table has no table name, so one listener serves one table; add it',
    )
}

/** Keys of a socket file at a network address do nothing, and the other way round. */
function checkSocketKeys(context: CheckContext, address: Address, path: Path): void {
  const isUnix = address.kind === 'unix'
  for (const key of isUnix ? ['allow', 'maxConnectionsPerAddress'] : ['mode', 'owner', 'group']) {
    if (!isWritten(context, [...path, key])) continue
    const why = isUnix
      ? 'has no use for a unix socket; "mode", "owner" and "group" say who may connect'
      : 'is only for unix sockets; remove it'
    context.report.warning([...path, key], why, 'key')
  }
}

function checkAllow(context: CheckContext, listener: ListenerFile, address: Address, path: Path): void {
  const { report } = context
  // A socket of systemd may be a unix socket, so `allow` cannot be asked for; without it loopback holds.
  if (address.kind === 'inet' && reachOf(address) === 'network' && listener.allow === undefined) {
    report.error(
      [...path, 'listen'],
      `${context.show([...path, 'listen'], listener.listen)} can be reached from other machines, so "allow" is needed; list the networks of your mail servers`,
    )
  }
  for (const [index, network] of (listener.allow ?? []).entries()) {
    const at = [...path, 'allow', index]
    const wrong = networkError(network)
    if (wrong !== undefined) report.error(at, `${context.show(at, network)} ${wrong}`)
  }
  const { maxConnections, maxConnectionsPerAddress = 0 } = listener
  if (maxConnectionsPerAddress > maxConnections) {
    report.warning(
      [...path, 'maxConnectionsPerAddress'],
      `${maxConnectionsPerAddress} is above maxConnections, ${maxConnections}, and so has no effect; lower it`,
    )
  }
}

function checkAdmin(context: CheckContext, admin: AdminFile, address: Address): void {
  const { report } = context
  checkSocketKeys(context, address, ['admin'])
  const isOpen = reachOf(address) === 'network'
  if (isOpen && admin.tokens.length === 0) {
    report.error(
      ['admin', 'listen'],
      `${context.show(['admin', 'listen'], admin.listen)} may be reached from other machines, so "tokens" are needed; add one, or listen on 127.0.0.1`,
    )
  }
  if (isOpen && admin.anonymous === 'operator') {
    report.warning(
      ['admin', 'anonymous'],
      'operator lets everybody who can connect purge and reload; use viewer or none',
    )
  }
  if (isOpen && admin.tokens.length > 0 && admin.tls === undefined) {
    report.warning(
      ['admin'],
      'sends tokens over the network in the clear; add "tls", or put a proxy with TLS before it',
    )
  }
  const texts = admin.tokens.map(({ token }) => token)
  for (const [index, token] of texts.entries()) {
    if (texts.indexOf(token) < index)
      report.error(['admin', 'tokens', index, 'token'], 'is the same token as one above')
  }
}
