/**
 * Where Postfix connects. Rules: the manual page in the folder of each protocol.
 */

import { DEFAULT_MAX_CONNECTIONS, DEFAULT_MODE } from '../../core/settings/listener-defaults.ts'
import { type Address, parseAddress } from '../../core/system/address.ts'
import { networkError } from '../../core/system/network-list.ts'
import { settingName } from '../../schema/decode.ts'
import type { SchemaNode } from '../../schema/node.ts'
import { type Schema, type Settings, Type } from '../../schema/schema.ts'
import type { ListenerSettingsKind } from '../../schema/settings-kind.ts'
import { listOf } from '../../schema/suggest.ts'
import { count, oneOf, parsed, text } from '../../schema/values.ts'
import { kindsOf } from './kinds.ts'

/** An address to listen on, and as it was written: what messages and metrics show. */
export interface ListenAddress {
  readonly address: Address
  readonly text: string
}

/** Address syntax, of listeners and of the admin API. */
export function listenAddress(
  description: string,
  examples: readonly string[],
): Schema<string, ListenAddress> {
  return parsed(
    {
      syntax: (written, shown) => {
        const address = parseAddress(written)
        return address.kind === 'invalid' ? `${shown} is not an address: ${address.why}` : undefined
      },
      // The system chooses the port: it cannot be the address of another listener.
      stopgap: 'inet:127.0.0.1:0',
      decode: (written) => {
        const address = parseAddress(written)
        if (address.kind === 'invalid') throw new TypeError(`unchecked address: ${address.why}`)
        return { address, text: written }
      },
    },
    { description, examples },
  )
}

/** Keys that everything that listens has: listeners and the admin API. */
export const socketFileKeys = {
  mode: Type.Unsafe<string, number>({
    type: 'string',
    pattern: '^0?[0-7]{3}$',
    expected: 'quoted octal such as "0660"',
    default: `0${DEFAULT_MODE.toString(8)}`,
    decode: (mode: string) => Number.parseInt(mode, 8),
    description:
      'Permission bits of a unix socket file. Quoted: YAML reads a bare 0660 as the number 660, which is another mode. Anybody who may write to the socket may ask.',
  }),
  owner: Type.Optional(
    text(
      'Owner of a unix socket file: a user name or numeric id. Changing it needs the right to (CAP_CHOWN).',
      { defaultText: "the process's own" },
    ),
  ),
  group: Type.Optional(
    text(
      'Group of a unix socket file: a name or numeric id, usually `postfix`. A process may always give a file to a group it is in.',
      { defaultText: "the process's own" },
    ),
  ),
}

/** Most connections one listener may be set to hold. Ours: far above what one Postfix opens. */
const MOST_CONNECTIONS = 100_000

const network = parsed({
  syntax: (written, shown) => {
    const wrong = networkError(written)
    return wrong === undefined ? undefined : `${shown} ${wrong}`
  },
  stopgap: '::1',
  decode: (written) => written,
})

const keys = {
  listen: listenAddress(
    'Address: `inet:HOST:PORT`, `inet:[::1]:PORT`, `unix:/PATH`, or `systemd:NAME` for a socket that systemd hands over.',
    ['inet:127.0.0.1:8464'],
  ),
  ...socketFileKeys,
  allow: Type.Optional(
    Type.Array(network, {
      minItems: 1,
      defaultText: '`[127.0.0.0/8, "::1"]`',
      description:
        'Networks (CIDR) or addresses that may connect; others are closed at once. Needed when `listen` is not a loopback address, because the protocols know no passwords. Not for unix sockets, which have `mode`.',
    }),
  ),
  maxConnections: count(
    1,
    MOST_CONNECTIONS,
    DEFAULT_MAX_CONNECTIONS,
    'Connections held at once; the longest idle one gives way to a new one. Each Postfix process keeps one open. Every connection needs a file descriptor.',
  ),
  maxConnectionsPerAddress: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MOST_CONNECTIONS,
      defaultText: '`maxConnections`',
      description:
        'Connections held at once from one client address, so that one host cannot take all places. Not for unix sockets.',
    }),
  ),
}

/** The keys of every listener. */
const Common = Type.Object(keys)
export type ListenerSettings = Settings<typeof Common> & {
  readonly protocol: string
  /** Those of the protocol, in its own shape. */
  readonly own: object
}

/** The schema of one listener, which speaks one of these protocols. */
export function listenerSchema(
  protocols: readonly ListenerSettingsKind[],
): Schema<unknown, ListenerSettings> {
  const names = protocols.map(({ name }) => name)
  const spoken = protocols.map(({ name, summary }) => `\`${name}\`: ${summary}.`)
  const protocol = oneOf(names, { description: `What is spoken here. ${spoken.join(' ')}` })
  const { listen, ...rest } = keys
  const branches = protocols.map(({ name, settings }) => {
    const own = settings as SchemaNode
    return {
      name,
      title: `with \`protocol: ${name}\``,
      when: { type: 'object', properties: { protocol: { const: name } }, required: ['protocol'] },
      own,
      decode: (decoded: object) => withOwn(decoded, own),
      misplaced: (key: string, owners: readonly string[]) =>
        `"${key}" belongs to ${listOf(owners)}; a ${name} listener has ${quotedKeys(own)}${shapeOf(own)}`,
    }
  })
  return kindsOf(
    branches,
    (own) =>
      Type.Object(
        { protocol, listen, ...(own as object), ...rest },
        { additionalProperties: false },
      ) as SchemaNode,
  ) as unknown as Schema<unknown, ListenerSettings>
}

/** Puts the settings of the protocol into a map of their own. */
function withOwn(decoded: object, { properties = {} }: SchemaNode): object {
  const own = new Set(Object.entries(properties).map(([key, part]) => settingName(key, part)))
  const entries = Object.entries(decoded)
  return {
    ...Object.fromEntries(entries.filter(([name]) => !own.has(name))),
    own: Object.fromEntries(entries.filter(([name]) => own.has(name))),
  }
}

/** What a single key takes, since a list and a name look alike. */
function shapeOf({ properties = {} }: SchemaNode): string {
  const [key, ...more] = Object.values(properties)
  if (key === undefined || more.length > 0) return ''
  return key.type === 'array' ? ', a list' : ', one name'
}

/** The keys of a kind as they are in a sentence. */
export function quotedKeys({ properties = {} }: SchemaNode): string {
  const names = Object.keys(properties).map((key) => `"${key}"`)
  return names.length === 0 ? 'no such key' : listOf(names, 'and')
}
