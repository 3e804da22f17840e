/**
 * Listeners and the admin API: addresses, who may connect, and which tables are served.
 */

import { isIP } from 'node:net'
import type { Address } from '../../core/system/address.ts'
import { isLoopback, LOOPBACK_NETWORKS, NetworkList } from '../../core/system/network-list.ts'
import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import type { CheckedTable, SettingsKinds } from '../../schema/settings-kind.ts'
import { attributesOf } from '../attributes.ts'
import { reachOf } from '../reach.ts'
import type { AdminSettings } from '../schema/admin.ts'
import type { FileSettings } from '../schema/file.ts'
import type { ListenAddress, ListenerSettings } from '../schema/listener.ts'
import type { TableSettings } from '../schema/table.ts'
import { checkServedAttributes } from './attributes.ts'
import type { PassedOn } from './passed-on.ts'
import { CHECK_PROBLEMS } from './problems.ts'

export function checkListeners(
  file: FileSettings,
  kinds: SettingsKinds,
  scope: Scope,
  passedOn: PassedOn,
): void {
  const tables = [...file.tables.keys()]
  const table = (name: string) => checkedTable(name, file, kinds, scope)
  const taken: Taken[] = []
  for (const [index, listener] of file.listeners.entries()) {
    const own = scope.within(['listeners', index])
    const protocol = kinds.protocols.find(({ name }) => name === listener.protocol)
    const pass = passedOn.of(own, `listeners[${index}]`, listener.listen.address)
    protocol?.check?.(listener.own, { scope: own, tables, table, ...pass })
    if (protocol !== undefined)
      checkServedAttributes(protocol, protocol.tables(listener.own), table, kinds, own)
    checkTaken(listener.listen, `listeners[${index}]`, taken, own)
    checkSocketKeys(listener.listen.address, own)
    checkAllow(listener, own)
  }
  if (file.admin === undefined) return
  const own = scope.within(['admin'])
  checkTaken(file.admin.listen, 'admin', taken, own)
  checkAdmin(file.admin, own)
}

function checkedTable(
  name: string,
  file: FileSettings,
  kinds: SettingsKinds,
  scope: Scope,
): CheckedTable | undefined {
  const table = file.tables.get(name)
  if (table === undefined) return undefined
  const { deadlineMs, whenUnknown, cacheBy, cache } = table
  return {
    scope: scope.within(['tables', name]),
    attributes: attributesOf(table, kinds),
    isWritten: isWritten(file, table, kinds),
    deadlineMs,
    whenUnknown,
    cacheBy,
    replyParts: new Set(kinds.upstreams.flatMap((kind) => [...(kind.replyParts?.(table) ?? [])])),
    lacksCanary: table.canary === undefined && hasCircuits(file, table, kinds),
    keptForMs:
      cacheBy === undefined || cache === undefined
        ? undefined
        : Math.max(cache.ttlMs, cache.honorCacheControl ? cache.maxTtlMs : 0),
  }
}

function hasCircuits(file: FileSettings, { upstream = [] }: TableSettings, kinds: SettingsKinds): boolean {
  const kindOf = (name: string) =>
    kinds.upstreams.find((kind) => kind.name === file.upstreams.get(name)?.kind)
  return upstream.length > 0 && upstream.every((name) => kindOf(name)?.hasCircuits === true)
}

export function isWritten(
  file: FileSettings,
  { upstream = [] }: TableSettings,
  kinds: SettingsKinds,
): boolean {
  const [first = ''] = upstream
  const kind = file.upstreams.get(first)?.kind
  return kinds.upstreams.some(({ name, isWritten }) => name === kind && isWritten === true)
}

/** An address in use, and whose it is. */
interface Taken {
  readonly address: Address
  readonly owner: string
}

/** Refuses an address that another listener has. */
function checkTaken({ address, text }: ListenAddress, owner: string, taken: Taken[], scope: Scope): void {
  const other = taken.find((before) => overlap(before.address, address))
  if (other !== undefined) {
    scope.error(
      ['listen'],
      problem(CHECK_PROBLEMS, 'address-taken', scope.show(['listen'], text), other.owner),
    )
  }
  taken.push({ address, owner })
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

/** Keys of a socket file at a network address do nothing, and the other way round. */
function checkSocketKeys(address: Address, scope: Scope): void {
  const isUnix = address.kind === 'unix'
  for (const key of isUnix ? ['allow', 'maxConnectionsPerAddress'] : ['mode', 'owner', 'group']) {
    if (!scope.isWritten([key])) continue
    const code = isUnix ? 'setting-of-networks' : 'setting-of-unix-sockets'
    scope.warning([key], problem(CHECK_PROBLEMS, code), 'key')
  }
}

function checkAllow(listener: ListenerSettings, scope: Scope): void {
  const { listen, allow, maxConnections, maxConnectionsPerAddress = 0 } = listener
  // A socket of systemd may be a unix socket, so `allow` cannot be asked for; without it loopback holds.
  if (listen.address.kind === 'inet' && reachOf(listen.address) === 'network' && allow === undefined) {
    scope.error(['listen'], problem(CHECK_PROBLEMS, 'allow-missing', scope.show(['listen'], listen.text)))
  }
  const nobody =
    allow === undefined || scope.isBroken(['allow']) ? undefined : whyNobody(listen.address, allow)
  if (nobody !== undefined) scope.error(['allow'], problem(CHECK_PROBLEMS, 'allow-lets-nobody', nobody))
  if (maxConnectionsPerAddress > maxConnections) {
    scope.warning(
      ['maxConnectionsPerAddress'],
      problem(CHECK_PROBLEMS, 'connections-per-address-above-all', maxConnectionsPerAddress, maxConnections),
    )
  }
}

/** Addresses that stand for "none" (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.2). */
const UNSPECIFIED = new Set(['0.0.0.0', '0.0.0.0/32', '::', '::/128'])

/** Why nobody may connect, as the end of a sentence; undefined where somebody may. */
function whyNobody(address: Address, allow: readonly string[]): string | undefined {
  const networks = allow.filter((network) => !UNSPECIFIED.has(network))
  if (networks.length === 0) return 'no client has such an address'
  if (address.kind !== 'inet') return undefined
  if (reachOf(address) === 'loopback' && !networks.some(meetsLoopback))
    return `only this machine reaches a loopback address; add ${JSON.stringify(LOOPBACK_NETWORKS)}, or listen on another address`
  const family = isIP(address.host)
  const isDual = family === 0 || address.host === '::'
  if (!isDual && !networks.some((network) => familyOf(network) === family))
    return `clients of an IPv${family} address have one themselves; add such networks, or listen on another address`
  return undefined
}

function familyOf(network: string): number {
  const [address = ''] = network.split('/')
  // Those of IPv4 in the form of IPv6 are clients of IPv4 (RFC 4291 section 2.5.5.2).
  return address.toLowerCase().startsWith('::ffff:') ? 4 : isIP(address)
}

/** Returns whether a network has loopback addresses, or lies in them. */
function meetsLoopback(network: string): boolean {
  const [address = ''] = network.split('/')
  const list = new NetworkList([network])
  return list.has('127.0.0.1') || list.has('::1') || isLoopback(address)
}

function checkAdmin(admin: AdminSettings, scope: Scope): void {
  checkSocketKeys(admin.listen.address, scope)
  const isOpen = reachOf(admin.listen.address) === 'network'
  if (isOpen && admin.tokens.length === 0) {
    scope.error(
      ['listen'],
      problem(CHECK_PROBLEMS, 'admin-without-tokens', scope.show(['listen'], admin.listen.text)),
    )
  }
  if (isOpen && admin.anonymous === 'operator') {
    scope.warning(['anonymous'], problem(CHECK_PROBLEMS, 'admin-open-to-operators'))
  }
  if (isOpen && admin.tokens.length > 0 && admin.tls === undefined) {
    scope.warning([], problem(CHECK_PROBLEMS, 'admin-tokens-in-the-clear'))
  }
  const texts = admin.tokens.map(({ token }) => token)
  for (const [index, token] of texts.entries()) {
    if (texts.indexOf(token) < index)
      scope.error(['tokens', index, 'token'], problem(CHECK_PROBLEMS, 'admin-token-twice'))
  }
}
