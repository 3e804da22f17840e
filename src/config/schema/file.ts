/**
 * The whole configuration file. Every key of it, with type, default, bounds and meaning, is in this
 * folder or, where it belongs to a protocol or a kind of upstream, in the folder of that.
 */
import { LOG_LEVELS } from '../../core/settings/log-level.ts'
import { TABLE_NAME } from '../../core/settings/table-name.ts'
import { type SchemaNode, transform } from '../../schema/node.ts'
import { type Settings, Type } from '../../schema/schema.ts'
import type { SettingsKinds } from '../../schema/settings-kind.ts'
import { duration, namedMap, oneOf, text } from '../../schema/values.ts'
import { Admin } from './admin.ts'
import { anyKind } from './kinds.ts'
import { listenerSchema } from './listener.ts'
import { Shared } from './shared.ts'
import { tableSchema } from './table.ts'
import { upstreamSchema } from './upstream.ts'

const Log = Type.Object(
  {
    level: oneOf(LOG_LEVELS, {
      default: 'info',
      description: 'Least severe lines that are written. Can be changed at run time.',
    }),
    keys: oneOf(['plain', 'hash', 'none'], {
      default: 'plain',
      description:
        'How lookup keys, which are mail addresses, are written to the log: `plain`, `hash` (HMAC-SHA-256 with `hashKey`, so that equal keys can still be told), or `none`.',
    }),
    hashKey: Type.Optional(
      text('Secret key of the hash. Needed with `keys: hash`.', { secret: true, minLength: 16 }),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'What is written to standard output, as one JSON object per line.',
  },
)

/** The schema of a file that may have these kinds of listeners and upstreams. */
export function configFile(kinds: SettingsKinds) {
  const table = tableSchema(kinds)
  const upstream = upstreamSchema(kinds.upstreams)
  return Type.Object(
    {
      listeners: Type.Array(listenerSchema(kinds.protocols), {
        minItems: 1,
        maxItems: 256,
        description: 'Where Postfix connects.',
      }),
      admin: Type.Optional(
        Type.Unsafe<unknown, Settings<typeof Admin>>({
          ...Admin,
          defaultText: 'no admin API',
          description: 'The admin API, the page and the metrics.',
        }),
      ),
      upstreams: namedMap(upstream, TABLE_NAME.source, 'What tables ask, by name.'),
      tables: namedMap(
        table,
        TABLE_NAME.source,
        'Lookup tables by name: letters, digits, `.`, `_` and `-`, since Postfix splits the endpoint at the last colon.',
      ),
      cacheFile: Type.Optional(
        Type.String({
          minLength: 1,
          file: 'written',
          defaultText: 'answers are forgotten at stop',
          description:
            'File in which answers survive a restart. Written with mode 0600, since it holds addresses; its folder must exist.',
        }),
      ),
      shared: Type.Optional(Shared),
      defaults: Type.Optional(
        Type.Object(
          {
            table: Type.Optional(
              Type.Unsafe<object>({
                ...partial(table as SchemaNode),
                partOf: 'table',
                description: 'For every table: any keys of `tables.NAME`.',
              }),
            ),
            upstream: Type.Optional(
              Type.Unsafe<object>({
                ...partial(anyKind(upstream as SchemaNode)),
                partOf: 'upstream',
                description: 'For every upstream whose kind has the key: any keys of `upstreams.NAME`.',
              }),
            ),
          },
          {
            additionalProperties: false,
            defaultText: 'none',
            description:
              "Settings for every table and upstream, under their own ones: maps are merged, lists and scalars replaced by the table's or upstream's own.",
          },
        ),
      ),
      stop: Type.Object(
        {
          drainFor: duration(
            { min: '0ms', max: '100s' },
            '10s',
            'How long lookups in flight may take at stop; then they are answered as temporary.',
          ),
        },
        { additionalProperties: false, default: {}, description: 'How to stop.' },
      ),
      reload: oneOf(['manual', 'watch'], {
        default: 'manual',
        description:
          '`manual`: on SIGHUP and by the admin API. `watch`: also when the file changes, or a secret, certificate or key that it names, after all was checked.',
      }),
      log: Log,
      tracing: Type.Optional(
        Type.Object(
          {
            otlp: Type.String({
              pattern: '^https?://',
              expected: 'a URL that begins with http:// or https://',
              sent: 'address',
              syntax: (url: string) =>
                /^https?:/.test(url) && !URL.canParse(url)
                  ? 'is not the URL of a collector; write http://HOST:4318'
                  : undefined,
              description: 'OTLP/HTTP endpoint of an OpenTelemetry collector.',
              examples: ['http://127.0.0.1:4318'],
            }),
          },
          { additionalProperties: false, defaultText: 'off', description: 'Spans of lookups and requests.' },
        ),
      ),
    },
    { additionalProperties: false },
  )
}

/** Any keys of a table or upstream: what may be in `defaults`. */
function partial(whole: SchemaNode): SchemaNode {
  return transform(whole, ({ required: _, default: _unused, ...rest }) => rest)
}

/** The settings that a checked file decodes to. */
export type FileSettings = Settings<ReturnType<typeof configFile>>
