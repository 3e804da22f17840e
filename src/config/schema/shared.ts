/**
 * The store that several gateways share: Valkey, or Redis.
 */
import { isAbsolute } from 'node:path'
import type { Settings } from '../../schema/schema.ts'
import { Type } from '../../schema/schema.ts'
import { duration, file, parsed, text } from '../../schema/values.ts'

/** Where it is. */
export type SharedAddress =
  | {
      readonly kind: 'inet'
      readonly host: string
      readonly port: number
      readonly database: number
      readonly tls: boolean
    }
  | { readonly kind: 'unix'; readonly path: string }

/** The port of Valkey and Redis, registered with IANA. */
const DEFAULT_PORT = 6379

const FORMS = 'write redis://HOST:6379, rediss://HOST:6379 (TLS) or unix:/PATH'

/** Reads the address; a text says what is wrong with it, without the address, which may hold a secret. */
export function parseSharedAddress(url: string): SharedAddress | string {
  if (url.startsWith('unix:')) {
    const path = url.slice('unix:'.length)
    return isAbsolute(path)
      ? { kind: 'unix', path }
      : `the path of the unix socket must be absolute; ${FORMS}`
  }
  const isUrl = /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url)
  if (!isUrl) return `is no address of Valkey or Redis; ${FORMS}`
  const { protocol, username, password, hostname, port, pathname, search, hash } = new URL(url)
  if (username !== '' || password !== '')
    return 'holds a user name or a password; write them as "username" and "password" beside it, where they are kept secret'
  const database = /^\/(\d{1,4})?$/.exec(pathname === '' ? '/' : pathname)
  if (database === null || search !== '' || hash !== '')
    return `only the number of a database may follow the port, as in redis://HOST:6379/1; ${FORMS}`
  return {
    kind: 'inet',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORT : Number(port),
    database: Number(database[1] ?? 0),
    tls: protocol === 'rediss:',
  }
}

export const Shared = Type.Object(
  {
    url: parsed(
      {
        syntax: (url) => {
          const read = parseSharedAddress(url)
          return typeof read === 'string' ? read : undefined
        },
        stopgap: 'redis://localhost',
        decode: (url) => {
          const read = parseSharedAddress(url)
          if (typeof read === 'string') throw new TypeError(`unchecked address: ${read}`)
          return read
        },
      },
      {
        sent: 'address',
        description:
          'Where it is: `redis://HOST:PORT`, with `/NUMBER` for another database than 0, `rediss://` for TLS, or `unix:/PATH`. Valkey, or Redis 6 and later.',
        examples: ['redis://valkey.example.com:6379'],
      },
    ),
    username: Type.Optional(
      text('User of its access list (ACL).', { defaultText: 'the default user of the server' }),
    ),
    password: Type.Optional(text('Password of the user.', { secret: true, defaultText: 'none' })),
    tls: Type.Optional(
      Type.Object(
        {
          ca: Type.Optional(
            file('PEM file with the certificate authorities to trust *instead of* those of the system.'),
          ),
          cert: Type.Optional(file('PEM file with the client certificate. Needs `key`.')),
          key: Type.Optional(file('PEM file with the key of the client certificate. Needs `cert`.')),
          serverName: Type.Optional(
            text('Name expected in its certificate, where it is not the host of the URL.'),
          ),
        },
        {
          additionalProperties: false,
          defaultText: "the system's authorities, no client certificate",
          description: 'How a `rediss://` address is trusted.',
        },
      ),
    ),
    prefix: Type.String({
      default: 'mapgate:',
      pattern: '^[A-Za-z0-9:._-]{1,64}$',
      expected: '1 to 64 letters, digits, ":", ".", "_" or "-"',
      description:
        'Begins the name of everything that is kept there. Gateways share what they know where this, and the configuration of the table, is the same.',
    }),
    timeout: duration(
      { min: '5ms', max: '1s' },
      '50ms',
      'Longest wait of a lookup for it. One reply that is later, and it is left alone until it is quick again.',
    ),
  },
  {
    additionalProperties: false,
    defaultText: 'off: each gateway learns alone',
    description:
      'A store that several gateways share behind their own ones: what one has asked the others know. Needs the optional package @redis/client. [several-gateways.md](several-gateways.md) shows how.',
  },
)

export type SharedSettings = Settings<typeof Shared>
