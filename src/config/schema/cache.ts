/**
 * How long answers are kept, and the canary that guards "not found".
 * Words and rules: RFC 9111 (HTTP caching), RFC 5861 (stale-while-revalidate, stale-if-error).
 */
import { type Settings, type Static, Type } from '../../schema/schema.ts'
import { count, duration, eitherType, flag, size, text, textMap } from '../../schema/values.ts'

const StaleNotFound = Type.Object(
  {
    for: duration(
      { min: '1s', max: '30d' },
      '1d',
      'Longest age of such a "not found". What was created since then is missed in an outage, so an hour to a day.',
    ),
    ifFoundIn: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'A table that must know the key, itself or without its extension, so that its mail goes to an existing mailbox and cannot bounce. It is looked up there whenever the service says "not found" here. Required but for transport, bcc, relocated and sender-dependent tables.',
      }),
    ),
  },
  {
    additionalProperties: false,
    defaultText: 'none: in an outage an unknown key waits',
    description:
      'While the service fails, the last "not found" of a key still counts when every search key had one, each from a service that knew its canary. Refused where `usedBy` makes it bounce mail or let somebody in (docs/resilience.md).',
  },
)

const CacheKeys = Type.Object(
  {
    ttl: duration(
      { min: '0ms', max: '30d' },
      '60s',
      'Freshness lifetime of a found answer: served without asking.',
    ),
    negativeTtl: duration(
      { min: '0ms', max: '1h' },
      '10s',
      'Lifetime of "not found". Short: a mailbox created right after a miss is unknown for that long. Not served stale but by `staleNotFound`.',
    ),
    staleWhileRevalidate: duration(
      { min: '0ms', max: '30d' },
      '5m',
      'Found answers only: after `ttl` served at once for this long, while the service is asked in the background (RFC 5861).',
    ),
    staleIfError: duration(
      { min: '0ms', max: '30d' },
      '1d',
      'Found answers only: served for this long after `ttl` when the service fails (RFC 5861). This is what keeps mail flowing in an outage.',
    ),
    staleNotFound: Type.Optional(StaleNotFound),
    staleAfter: duration(
      { min: '0ms', max: '90s' },
      '1s',
      'Found answers only: within `staleIfError` a lookup waits this long for the service; then it gets the stored answer, and the request runs on (RFC 8767 section 5). Keeps a service that hangs from holding up mail.',
    ),
    jitter: Type.Number({
      minimum: 0,
      maximum: 0.5,
      default: 0.1,
      description:
        'Share of the lifetime by which each answer is shortened at random, so that answers stored together do not expire together.',
    }),
    honorCacheControl: flag(
      false,
      'Lets the service set lifetimes by its caching headers, as a private cache by RFC 9111. Off, because web frameworks send `max-age=0, private` unasked, which would switch the protection off in silence. ETag and Last-Modified are always used.',
    ),
    minTtl: duration(
      { min: '0ms', max: '1d' },
      '10s',
      'With `honorCacheControl`: shortest lifetime of a found answer.',
    ),
    maxTtl: duration(
      { min: '1s', max: '30d' },
      '1h',
      'With `honorCacheControl`: longest lifetime of a found answer.',
    ),
    maxEntries: count(
      1,
      100_000_000,
      100_000,
      'Found answers kept. Four fifths are for answers that were used again: keys that come once push out only each other.',
    ),
    maxNegativeEntries: count(
      1,
      100_000_000,
      100_000,
      'Negative answers kept. A bound of their own, so that a dictionary attack cannot push the good answers out.',
    ),
    maxBytes: size(
      { min: '64KiB', max: '64GiB' },
      '64MiB',
      'Memory for the found answers of this table, and as much again for "not found", estimated as V8 holds them: two bytes a character where one is not Latin-1.',
    ),
  },
  { additionalProperties: false },
)
export type CacheSettings = Settings<typeof CacheKeys>

/** An object, or the word `off`: then undefined. YAML 1.2 reads a bare off as text, not as a boolean. */
export const Cache = eitherType<unknown, CacheSettings | undefined>(
  CacheKeys as unknown as { readonly type: string },
  { type: 'string', enum: ['off'], expected: 'off or a map of settings' },
  {
    default: {},
    decode: (value: CacheSettings | 'off') => (value === 'off' ? undefined : value),
    description:
      'How long answers are kept. `off` stores nothing; coalescing and retries stay. All windows count from the moment the service answered.',
  },
)

const WrittenCanary = Type.Object(
  {
    key: Type.Optional(
      text(
        'A key that the service always knows, such as `postmaster@example.com`. Asked of each HTTP endpoint directly. Needed, unless the table is asked by attributes.',
      ),
    ),
    attributes: Type.Optional(
      textMap(
        'Instead of `key`, for a table that is asked by attributes: those of a question that the service always has an answer to, such as `{ sender: known@example.com }`, or the user and password of a mailbox for this. It is asked again and again, so the service must not count it.',
        { defaultText: 'none' },
      ),
    ),
    every: duration({ min: '1s', max: '1h' }, '30s', 'How often it is asked while nobody else asks.'),
    maxAge: duration(
      { min: '0ms', max: '10m' },
      '5s',
      'A "not found" of an endpoint is believed only if its canary was found at most this long before; otherwise the canary is asked first. `0s` asks it for every "not found".',
    ),
  },
  {
    additionalProperties: false,
    defaultText: 'none',
    description:
      'Guards against a service that answers "not found" to everything, after a wrong path or a broken deployment: while the canary is not found, "not found" is temporary, and no mail bounces.',
  },
)

/** The key is empty where attributes are asked for. */
export const Canary = Type.Unsafe<
  Static<typeof WrittenCanary>,
  Omit<Settings<typeof WrittenCanary>, 'key'> & { readonly key: string }
>({
  ...WrittenCanary,
  decode: ({ key = '', ...rest }: Settings<typeof WrittenCanary>) => ({ ...rest, key }),
})
