/**
 * How a lookup becomes an HTTP request, and how a reply becomes an answer: the keys that a table has
 * for HTTP services. Rules: pgsql_table(5) for result_format and expansion_limit.
 */
import { ALL_ATTRIBUTES } from '../../core/attributes.ts'
import { type Keywords, Type } from '../../schema/schema.ts'
import { count, duration, eitherType, headerMap, oneOf, text, textMap } from '../../schema/values.ts'
import { AUTH_HTTP } from './request/auth-http.ts'

/** Status codes that a list may hold: final ones. */
function statuses(keywords: Keywords) {
  return Type.Array(Type.Integer({ minimum: 200, maximum: 499 }), { minItems: 1, ...keywords })
}

/** In place of a body: all attributes. */
const ALL = `{${ALL_ATTRIBUTES}}` as const

type AuthHttp = typeof AUTH_HTTP

const json = Type.Optional(
  Type.Unknown({
    sent: 'text',
    description:
      'Body of a POST as JSON, any shape; every string in it is a template, and one that is exactly `{attributes}` becomes a map of all attributes but secret ones. Not together with `form`.',
  }),
)
const form = Type.Optional(
  eitherType<
    Record<string, string> | typeof ALL | AuthHttp,
    ReadonlyMap<string, string> | typeof ALL | AuthHttp
  >(
    { type: 'object', additionalProperties: { type: 'string' } },
    { type: 'string', enum: [ALL, AUTH_HTTP], expected: `a map of fields, "${ALL}" or ${AUTH_HTTP}` },
    {
      description:
        'Body of a POST as a form (`application/x-www-form-urlencoded`); values are templates. `"{attributes}"` sends all attributes but secret ones. `auth_http` asks about a login as the mail proxy of nginx does, in header fields of a GET, and reads the header fields of the reply; see [sasl](protocols/sasl.md).',
    },
  ),
)
const query = textMap('Query parameters; values are templates.', { default: {}, sent: 'text' })
const headers = headerMap(
  'Headers of this request, over those of the upstream; values are templates. What stands for a part of the key is percent-encoded: every byte outside printable ASCII, and `%` itself.',
)

const Request = Type.Object(
  {
    method: oneOf(['GET', 'POST'], { default: 'GET', description: 'HTTP method.' }),
    path: Type.Optional(
      Type.String({
        pattern: '^/[^?#\\s]*$',
        expected: 'a path that begins with / and holds no ?, # or space',
        sent: 'address',
        description:
          'Path template, appended to the endpoint\'s path. `{key}`, `{user}`, `{domain}`, `{domain1}` to `{domain9}` (labels from the right) and `{table}` stand for parts of the key, each escaped for where it is; `{attribute.NAME}` for what a client says besides a key, where its protocol has that; `{{` and `}}` are literal braces. A part that the key does not have makes the lookup "not found" without asking.',
        examples: ['/aliases/{key}'],
      }),
    ),
    query,
    headers,
    json,
    form,
  },
  {
    additionalProperties: false,
    description:
      'How to ask. Needed when one of the upstreams is an HTTP service, and not used with `batch`.',
  },
)

const Batch = Type.Object(
  {
    method: oneOf(['GET', 'POST'], { default: 'POST', description: 'HTTP method.' }),
    path: Type.String({
      pattern: '^/[^?#\\s]*$',
      expected: 'a path that begins with / and holds no ?, # or space',
      sent: 'address',
      description: 'Path of the batch route; `{table}` may be in it.',
    }),
    query: textMap('Query parameters; a value that is exactly `{keys}` is repeated for each key.', {
      default: {},
      sent: 'text',
    }),
    headers,
    json: Type.Optional(
      Type.Unknown({
        sent: 'text',
        description: 'Body of a POST as JSON; a string that is exactly `{keys}` becomes the list of keys.',
        examples: [{ keys: '{keys}' }],
      }),
    ),
    form: Type.Optional(
      textMap('Body of a POST as a form; a value that is exactly `{keys}` is repeated for each key.', {
        sent: 'text',
      }),
    ),
    maxKeys: count(2, 10_000, 100, 'Most keys in one request; more are split.'),
    maxWait: duration(
      { min: '0ms', max: '1s' },
      '0ms',
      'How long to wait for more lookups before sending. `0ms` takes what is waiting at that moment, and so delays nothing.',
    ),
    results: Type.Optional(
      text(
        'JSONPath (RFC 9535) to the results: an object from key to value, or a list in the order asked. `null` is not found; a key that is not in the object is what `response.missing` says.',
        { defaultText: 'the whole body' },
      ),
    ),
  },
  {
    additionalProperties: false,
    defaultText: 'one request per key',
    description:
      'A route of the service that answers many keys in one request. Every lookup and the canary take it; search keys of a lookup that were answered before go together, and so do those that never were. `response.value` is applied to each result that is an object.',
  },
)

/** What replies of a kind must carry. */
function mark(description: string, example: string) {
  return Type.Optional(
    Type.Object(
      {
        contentType: Type.Optional(
          text('Media type, without parameters.', {
            decode: (type: string) => type.toLowerCase(),
            examples: ['application/vnd.directory+json'],
          }),
        ),
        header: Type.Optional(
          Type.String({
            pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:: ?[\\x21-\\x7e][\\x20-\\x7e]*)?$",
            expected: 'the name of a header field, or "name: value"',
            description: 'A header field that must be there; with `: value` its whole value, in any case.',
            examples: ['x-directory', 'x-directory: no-such-key'],
          }),
        ),
        jsonPath: Type.Optional(
          text('JSONPath (RFC 9535) that must select something in the body.', { examples: [example] }),
        ),
      },
      { additionalProperties: false, defaultText: 'none', description },
    ),
  )
}

const Response = Type.Object(
  {
    value: Type.Optional(
      text('JSONPath (RFC 9535) to the value or values; a selected list counts element by element.', {
        defaultText: 'a JSON string or list of strings, or plain text',
        examples: ['$.goto'],
      }),
    ),
    action: Type.Optional(
      text(
        'JSONPath (RFC 9535) to the action of a policy answer, such as `reject`; only for tables that are asked by attributes, and instead of `value`. Exactly one must be there.',
        { defaultText: 'the body is the action, as access(5) has it', examples: ['$.action'] },
      ),
    ),
    user: Type.Optional(
      text(
        'JSONPath (RFC 9535) to the name of who has logged in; only for tables that are asked by attributes, and instead of `value` and `action`. Exactly one must be there, and not empty: no other reply lets anybody in.',
        { defaultText: 'none', examples: ['$.user'] },
      ),
    ),
    foundMark: mark(
      'What every reply that lets somebody in must carry besides `user`: for services that answer 200 and the name for a wrong password, too.',
      "$[?$.result=='ok']",
    ),
    refused: Type.Optional(
      statuses({
        defaultText: 'none',
        description:
          'Status codes that mean that somebody may not log in. One of `found` may be here, too, where `refusedMark` tells them apart. Every other reply, a 404 among them, is "try again later".',
        examples: [[401, 403]],
      }),
    ),
    refusedMark: mark(
      'What every refusal must carry, so that no proxy and no mistake in our own credentials is taken for a wrong password.',
      "$[?@=='wrong_password']",
    ),
    text: Type.Optional(
      text('JSONPath to what goes behind the action, such as the text of a rejection.', {
        defaultText: 'none',
        examples: ['$.text'],
      }),
    ),
    error: Type.Optional(
      text(
        'JSONPath to an error field; when it selects anything but `null`, `""` or `false`, the answer is temporary.',
        {
          defaultText: 'none',
        },
      ),
    ),
    missing: oneOf(['temporary', 'notFound'], {
      default: 'temporary',
      description:
        'What it means when `value` selects no node at all. `temporary`, because a service that changed its format must not bounce mail; `notFound` for services that answer `{}`.',
    }),
    found: statuses({ default: [200], description: 'Status codes that carry an answer.' }),
    notFound: Type.Optional(
      statuses({
        defaultText: '`[204, 404, 410]`; `[204]` for a table that is asked by attributes',
        description:
          'Status codes that mean "not found". Only list what the service itself sends, not a proxy before it.',
      }),
    ),
    notFoundBody: oneOf(['notHtml', 'any'], {
      default: 'notHtml',
      description:
        '`notHtml`: a "not found" whose body is HTML, XML or what a known proxy or framework sends where it has no such route counts as temporary; `any` lifts that.',
    }),
    notFoundMark: mark(
      'What every "not found" must carry, so that no proxy or wrong path is taken for the service: all that is given here must hold, or the answer is temporary. Not for batches.',
      "$[?@.code=='no_such_alias']",
    ),
    format: text(
      'Template of each value, as result_format of pgsql_table(5): `{value}`, `{valueUser}`, `{valueDomain}`, and the parts of the key as in `request.path`. A value that lacks a part is skipped.',
      { default: '{value}' },
    ),
    separator: Type.String({
      default: ', ',
      maxLength: 16,
      description: 'Put between several values. Postfix takes commas and white space.',
    }),
    idn: oneOf(['asIs', 'ascii'], {
      default: 'asIs',
      description:
        'Spelling of internationalised domains in values. `ascii`: `bücher.example` becomes `xn--bcher-kva.example`, which needs no SMTPUTF8 on the way.',
    }),
    maxValues: count(
      1,
      100_000,
      1000,
      'More values than this are a temporary error, as expansion_limit of pgsql_table(5).',
    ),
  },
  { additionalProperties: false, default: {}, description: 'How to read the reply.' },
)

/** What a table has that is asked over HTTP, key by key. */
export const HTTP_TABLE_KEYS = {
  request: Type.Optional(Request),
  batch: Type.Optional(Batch),
  response: Response,
}

export const HttpTable = Type.Object(HTTP_TABLE_KEYS)
