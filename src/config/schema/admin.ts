/**
 * The admin API: the page, the metrics, purge and reload.
 */
import { type Settings, Type } from '../../schema/schema.ts'
import { file, oneOf, text } from '../../schema/values.ts'
import { listenAddress, socketFileKeys } from './listener.ts'

const Token = Type.Object(
  {
    token: text('The secret text that a client sends as `Authorization: Bearer TOKEN`.', {
      secret: true,
      minLength: 16,
      examples: [`\${file:/run/secrets/mapgate-admin}`],
    }),
    role: oneOf(['viewer', 'operator'], {
      default: 'viewer',
      description: '`viewer` reads; `operator` also purges, reloads and sets the log level.',
    }),
  },
  { additionalProperties: false },
)

export const Admin = Type.Object(
  {
    listen: listenAddress(
      'Address: `inet:HOST:PORT`, `unix:/PATH` or `systemd:NAME`. Beyond loopback `tokens` are needed to start.',
      ['inet:127.0.0.1:8466'],
    ),
    ...socketFileKeys,
    anonymous: Type.Optional(
      oneOf(['operator', 'viewer', 'none'], {
        defaultText: '`operator` on a unix socket, `viewer` on loopback, else `none`',
        description: 'What somebody may do who sends no token.',
      }),
    ),
    tokens: Type.Array(Token, {
      default: [],
      description: 'Who may do what. Shown as `***` everywhere.',
    }),
    hosts: Type.Unsafe<string[], readonly string[]>({
      type: 'array',
      items: {
        type: 'string',
        minLength: 1,
        pattern: '^[^\\s:/@\\[\\]]+$',
        expected: 'a host name as in mapgate.example.com, without a port',
        decode: (host: string) => host.toLowerCase().replace(/\.$/, ''),
      },
      default: [],
      description:
        'Host names accepted in the Host header besides IP addresses and `localhost`. A list of its own, so that a foreign page cannot reach the API through a name that it controls (DNS rebinding).',
    }),
    metrics: oneOf(['viewer', 'open'], {
      default: 'viewer',
      description: 'Who may read `/metrics`: the role `viewer`, or with `open` anybody who can connect.',
    }),
    tls: Type.Optional(
      Type.Object(
        {
          cert: file('PEM file with the certificate and its chain.'),
          key: file('PEM file with the private key.'),
        },
        {
          additionalProperties: false,
          defaultText: 'plain HTTP',
          description: 'Serves HTTPS instead of HTTP.',
        },
      ),
    ),
  },
  { additionalProperties: false },
)
export type AdminSettings = Settings<typeof Admin>
