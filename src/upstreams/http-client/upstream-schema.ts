/**
 * Settings of an HTTP service: every key with type, default, bounds and meaning. The types of the
 * program's settings are made out of it (`settings.ts`).
 */
import { isIP } from 'node:net'
import { Type } from '../../schema/schema.ts'
import {
  count,
  duration,
  file,
  headerMap,
  optionalDuration,
  parsed,
  size,
  text,
} from '../../schema/values.ts'
import { isInvalid, parseEndpoint } from './endpoint-url.ts'
import { OAuth } from './oauth/schema.ts'

const CircuitBreaker = Type.Object(
  {
    failures: count(
      1,
      1000,
      2,
      'Different keys that must fail, with no good answer after them, before an endpoint is doubted. It is then asked a question whose answer is known (the canary, or a key that it found lately), and only a bad answer to that opens its circuit.',
    ),
    openFor: duration(
      { min: '100ms', max: '10m' },
      '1s',
      'Time between two such questions while the circuit is open; the first good answer closes it. Short, because mail waits meanwhile.',
    ),
  },
  { additionalProperties: false, default: {}, description: 'Stops asking an endpoint that fails.' },
)

/** Labels of a host name as certificates have it: ASCII (RFC 6125 section 6.4). */
const HOST_NAME = /^(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.(?!$)|$))+$/

/** A name or an address, and a port up to 65535. */
const HOST_AND_PORT =
  '^(?:[A-Za-z0-9._-]{1,255}|\\[[A-Fa-f0-9:.]{2,45}\\])(?::(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5]))?$'

const NO_SERVER_NAME =
  'is not a host name as in a certificate; write it as directory.example.com, an internationalised one as xn--...'

function isServerName(name: string): boolean {
  return isIP(name) !== 0 || HOST_NAME.test(name)
}

export const Tls = Type.Object(
  {
    ca: Type.Optional(
      file('PEM file with the certificate authorities to trust *instead of* those of the system.'),
    ),
    cert: Type.Optional(file('PEM file with the client certificate. Needs `key`.')),
    key: Type.Optional(file('PEM file with the key of the client certificate. Needs `cert`.')),
    serverName: Type.Optional(
      text(
        'Name sent to the server (SNI) and expected in its certificate, where it is not the host of the URL.',
        { syntax: (name: string) => (isServerName(name) ? undefined : NO_SERVER_NAME) },
      ),
    ),
  },
  {
    additionalProperties: false,
    defaultText: "the system's authorities, no client certificate",
    description: 'How https endpoints are trusted.',
  },
)

const endpoint = parsed(
  {
    // Never quoted: the URL may hold a secret.
    syntax: (url) => {
      const read = parseEndpoint(url)
      return isInvalid(read) ? read.why : undefined
    },
    stopgap: 'https://localhost',
    decode: (url) => {
      const read = parseEndpoint(url)
      if (isInvalid(read)) throw new TypeError(`unchecked endpoint: ${read.why}`)
      return read
    },
  },
  { sent: 'address' },
)

export const HttpUpstream = Type.Object(
  {
    endpoints: Type.Array(endpoint, {
      minItems: 1,
      maxItems: 64,
      description:
        'URLs of the service, in order of preference: `https://HOST/PREFIX`, `http://HOST:PORT`, or `unix:/PATH:/PREFIX` for a service on a unix socket. The path of a request is appended as text.',
    }),
    identity: Type.Optional(
      Type.String({
        pattern: '^[\\x21-\\x7e]{1,200}$',
        expected: 'a word of printable ASCII without blanks, such as directory-2026',
        defaultText: 'the URLs of `endpoints`',
        description:
          'What the service is, in a word of yours. With it, `endpoints` and `host` may change and the stored answers and copies of tables stay: they are dropped when this word changes. Without it a changed URL drops them, since it may be another service. Gateways that share a store share answers where it is the same, whatever client certificate and proxy they have. Set it while all is well: the first time drops them once.',
        examples: ['directory'],
      }),
    ),
    headers: headerMap('Headers of every request. Shown as `***` everywhere.'),
    host: Type.Optional(
      Type.String({
        pattern: HOST_AND_PORT,
        expected: 'a host name, with :PORT if it is not the usual one',
        defaultText: 'the host of the URL; `localhost` for a unix socket',
        description:
          'The `host` header of every request, where the service tells its sites apart by another name than that of the URL. The name in the certificate stays that of the URL, or `tls.serverName`.',
        examples: ['directory.example.com'],
      }),
    ),
    timeout: duration({ min: '10ms', max: '90s' }, '2s', 'Longest time for one attempt, connect included.'),
    attempts: count(
      1,
      10,
      2,
      "Attempts for one lookup, over all endpoints, never past the table's deadline. Each goes to the best endpoint whose circuit is not open.",
    ),
    maxConcurrent: count(
      1,
      10_000,
      64,
      'Requests in flight at once, over all endpoints, so that a flood of mail does not become a flood of requests.',
    ),
    maxQueued: count(
      0,
      1_000_000,
      1000,
      'Lookups that wait for a slot; more are answered as temporary at once.',
    ),
    circuitBreaker: CircuitBreaker,
    maxConnectionAge: duration(
      { min: '1s', max: '1d' },
      '5m',
      'After this a kept-alive connection is replaced, so that changes of DNS take effect under steady traffic.',
    ),
    maxBodyBytes: size(
      { min: '1KiB', max: '64MiB' },
      '1MiB',
      'Longest body read; a longer one is a temporary error. Answers are lines of text, so this is far above any.',
    ),
    hedgeAfter: optionalDuration(
      { min: '1ms', max: '60s' },
      'never',
      'Sends a second request to another endpoint when the first has not answered by then; the first answer wins. Costs the service extra requests.',
    ),
    proxy: Type.Optional(
      text('URL of an HTTP proxy (`http://HOST:PORT`) for all endpoints.', {
        defaultText: 'none; the environment (`HTTP_PROXY`) is not read',
        secret: true,
      }),
    ),
    tls: Type.Optional(Tls),
    oauth: Type.Optional(OAuth),
  },
  { additionalProperties: false },
)
