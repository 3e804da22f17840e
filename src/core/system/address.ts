/**
 * Addresses in Postfix spelling, taken apart and put together.
 *
 *   inet:HOST:PORT    inet:[::1]:PORT    unix:/PATH    systemd:NAME       where a server listens
 *
 * Source: socketmap_table(5), tcp_table(5); Postfix `src/util/host_port.c`.
 * `systemd:NAME` is ours: a socket handed over by systemd (sd_listen_fds(3)).
 */

/** Where a server listens, or a client connects to. */
export type Address =
  | { readonly kind: 'inet'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'systemd'; readonly name: string }

/** A text that is no address; `why` is a sentence for the person who wrote it. */
export interface InvalidAddress {
  readonly kind: 'invalid'
  readonly why: string
}

const MAX_PORT = 65_535

/** Longest path of a unix socket, in bytes. Source: unix(7), sun_path has 108 bytes with the final NUL. */
const MAX_UNIX_PATH_BYTES = 107

/** What a name in LISTEN_FDNAMES may hold. Source: systemd.socket(5), FileDescriptorName=. */
const SYSTEMD_NAME = /^[\x21-\x39\x3b-\x7e]{1,255}$/

/** A host name or IPv4 address: no colon, no white space. Names are looked up when they are used. */
const HOST = /^[^\s:[\]/]+$/

/** An IPv6 address, roughly; what is wrong in detail the bind or connect says. */
const IPV6 = /^(?=[^:]*:)[0-9A-Fa-f:.]+(?:%[\w.-]+)?$/

/** Reads the address of a listener: `inet:HOST:PORT`, `inet:[::1]:PORT`, `unix:/PATH` or `systemd:NAME`. */
export function parseAddress(text: string): Address | InvalidAddress {
  const colon = text.indexOf(':')
  const rest = text.slice(colon + 1)
  switch (colon === -1 ? '' : text.slice(0, colon)) {
    case 'inet':
      return parseHostPort(rest)
    case 'unix':
      if (!rest.startsWith('/'))
        return invalid('a unix socket needs an absolute path, as in unix:/run/mapgate/aliases')
      return parseUnixPath(rest)
    case 'systemd':
      if (!SYSTEMD_NAME.test(rest))
        return invalid('expected the name of a socket unit, as in systemd:mapgate')
      return { kind: 'systemd', name: rest }
    default:
      return invalid('expected inet:HOST:PORT, inet:[IPV6]:PORT, unix:/PATH or systemd:NAME')
  }
}

/** Spells an address as {@link parseAddress} reads it. */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'inet':
      return `inet:${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
    case 'unix':
      return `unix:${address.path}`
    case 'systemd':
      return `systemd:${address.name}`
  }
}

/** Reads `HOST:PORT`, `[IPV6]:PORT`. */
export function parseHostPort(text: string): Address | InvalidAddress {
  const lastColon = text.lastIndexOf(':')
  if (lastColon === -1) return invalid('expected HOST:PORT')
  const host = unbracket(text.slice(0, lastColon))
  if (host === undefined)
    return invalid('expected a host name, an IPv4 address, or an IPv6 address in brackets: [::1]:PORT')
  const digits = text.slice(lastColon + 1)
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : MAX_PORT + 1
  if (port > MAX_PORT) return invalid(`expected a port number from 0 to ${MAX_PORT} after the last colon`)
  return { kind: 'inet', host, port }
}

/** The host without the brackets of an IPv6 address; undefined when it is neither that nor a plain host. */
function unbracket(host: string): string | undefined {
  if (HOST.test(host)) return host
  if (!host.startsWith('[') || !host.endsWith(']')) return undefined
  const inner = host.slice(1, -1)
  return IPV6.test(inner) || HOST.test(inner) ? inner : undefined
}

/** Reads the path of a unix socket. It may be relative here, as Postfix wants it below a chroot. */
export function parseUnixPath(path: string): Address | InvalidAddress {
  if (path === '' || path.includes('\0')) return invalid('expected the path of a unix socket')
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_UNIX_PATH_BYTES) {
    return invalid(
      `the path of a unix socket has at most ${MAX_UNIX_PATH_BYTES} bytes, this one has ${bytes}`,
    )
  }
  return { kind: 'unix', path }
}

export function invalid(why: string): InvalidAddress {
  return { kind: 'invalid', why }
}
