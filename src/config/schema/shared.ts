/**
 * The store that several gateways share: Valkey, or Redis.
 */
import { isAbsolute } from 'node:path'
import { Type } from '../../schema/schema.ts'
import { duration, file, parsed, text } from '../../schema/values.ts'

/** Where it is. */
type SharedAddress =
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
function parseSharedAddress(url: string): SharedAddress | string {
  if (url.startsWith('unix:')) {
    const path = url.slice('unix:'.length)
    return isAbsolute(path)
      ? { kind: 'unix', path }
      : `the path of the unix socket must be absolute; ${FORMS}`
  }
  const isUrl = /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url)
  if (!isUrl) return `is not an address of Valkey or Redis; ${FORMS}`
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

/** An address in the configuration, and what it is for. */
function address(description: string, example: string, isNode: boolean) {
  const read = (url: string) => (isNode ? nodeAddress(url) : parseSharedAddress(url))
  return parsed(
    {
      syntax: (url) => {
        const address = read(url)
        return typeof address === 'string' ? address : undefined
      },
      stopgap: 'redis://localhost',
      decode: (url) => {
        const address = read(url)
        if (typeof address === 'string') throw new TypeError(`unchecked address: ${address}`)
        return address
      },
    },
    { sent: 'address', description, examples: [example] },
  )
}

/** One of several servers: at a host, and without a database, which is the business of the whole. */
function nodeAddress(url: string): SharedAddress | string {
  const read = parseSharedAddress(url)
  if (typeof read === 'string') return read
  if (read.kind === 'unix')
    return 'a unix socket leads to one server alone; write redis://HOST:PORT, or rediss://HOST:PORT (TLS)'
  return read.database === 0
    ? read
    : 'a cluster, and servers behind sentinels, have database 0 alone; remove the number'
}

/** Most servers that are named. Ours: they tell of the others. */
const MAX_NAMED_SERVERS = 32

export const Shared = Type.Object(
  {
    url: Type.Optional(
      address(
        'Where it is: `redis://HOST:PORT`, with `/NUMBER` for another database than 0, `rediss://` for TLS, or `unix:/PATH`. Valkey, or Redis 6 and later. This, `cluster` or `sentinel`.',
        'redis://valkey.example.com:6379',
        false,
      ),
    ),
    cluster: Type.Optional(
      Type.Array(
        address(
          'A node: `redis://HOST:PORT`, or `rediss://` for TLS.',
          'redis://valkey1.example.com:6379',
          true,
        ),
        {
          minItems: 1,
          maxItems: MAX_NAMED_SERVERS,
          description:
            'In the place of `url`: some nodes of a cluster, which know the others. Two or three of them, so that one may be down.',
        },
      ),
    ),
    sentinel: Type.Optional(
      Type.Object(
        {
          name: text('What the sentinels call the primary and its replicas.', { examples: ['mymaster'] }),
          servers: Type.Array(
            address(
              'A sentinel: `redis://HOST:26379`, or `rediss://` for TLS.',
              'redis://sentinel1.example.com:26379',
              true,
            ),
            {
              minItems: 1,
              maxItems: MAX_NAMED_SERVERS,
              description: 'The sentinels. With `rediss://` the primary is asked by TLS, too.',
            },
          ),
          username: Type.Optional(text('User of the sentinels.', { defaultText: 'their default user' })),
          password: Type.Optional(text('Password of that user.', { secret: true, defaultText: 'none' })),
        },
        {
          additionalProperties: false,
          description:
            'In the place of `url`: sentinels that know which server is the primary. `username` and `password` beside it are those of the primary.',
        },
      ),
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
            text('Name expected in the certificates, where it is not the host of the address.'),
          ),
        },
        {
          additionalProperties: false,
          defaultText: "the system's authorities, no client certificate",
          description: 'How `rediss://` addresses are trusted.',
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
      'Longest wait of a lookup for it. One reply that is later, and it is not used until it responds quickly again.',
    ),
  },
  {
    additionalProperties: false,
    defaultText: 'off: each gateway learns alone',
    description:
      'A store that several gateways share behind their own ones: what one has asked the others know. Needs the optional package @redis/client. [several-gateways.md](several-gateways.md) shows how.',
  },
)
