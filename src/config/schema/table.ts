/**
 * Lookup tables: the keys that they have whatever they ask.
 */
import { DELIMITERS } from '../../core/search/extension.ts'
import type { SchemaNode } from '../../schema/node.ts'
import { type Schema, type Settings, Type } from '../../schema/schema.ts'
import type { SettingsKinds } from '../../schema/settings-kind.ts'
import { duration, eitherType, flag, oneOf, oneOrMore } from '../../schema/values.ts'
import { Cache, Canary } from './cache.ts'
import { filterDomain, localDomain } from './domain.ts'
import { whenUnknown } from './unknown-replies.ts'

const DomainsTable = Type.Object(
  {
    table: Type.String({
      minLength: 1,
      description: 'A table that is asked for the domain; found means inside.',
    }),
  },
  { additionalProperties: false, expected: 'a list of domains or { table: NAME }' },
)

/** The domains whose keys are asked: listed here, or those that another table finds. */
type DomainsSettings =
  | { readonly kind: 'list'; readonly domains: readonly string[] }
  | { readonly kind: 'table'; readonly table: string }

const Domains = eitherType<unknown, DomainsSettings>(
  { type: 'array', minItems: 1, items: filterDomain() },
  DomainsTable,
  {
    decode: (value: readonly (readonly string[])[] | { readonly table: string }): DomainsSettings =>
      'table' in value ? { kind: 'table', table: value.table } : { kind: 'list', domains: value.flat() },
    defaultText: 'every domain is asked',
    description:
      'Keys of any other domain are "not found" without asking: the biggest saver of load, since Postfix asks virtual_alias_maps for every remote recipient too. A list (`.example.org` stands for every subdomain), or `{ table: NAME }` to ask another table.',
  },
)

/** Share of the misses where only the name of the upstream is given. Ours: enough to see differences in a day, and little load. */
const SHADOW_SHARE = 0.1

const ShadowKeys = Type.Object(
  {
    upstream: Type.String({ minLength: 1, description: 'Name of the upstream to compare with.' }),
    share: Type.Number({
      minimum: 0.001,
      maximum: 1,
      default: SHADOW_SHARE,
      description: 'Share of the misses for which it is asked, too; 1 is all of them.',
    }),
  },
  { additionalProperties: false, expected: 'the name of an upstream or { upstream: NAME, share: NUMBER }' },
)

/** Another upstream, which is asked beside the table's own and whose answers are compared. */
export interface ShadowSettings {
  readonly upstream: string
  readonly share: number
}

const Shadow = eitherType<unknown, ShadowSettings>({ type: 'string', minLength: 1 }, ShadowKeys, {
  decode: (value: string | ShadowSettings): ShadowSettings =>
    typeof value === 'string' ? { upstream: value, share: SHADOW_SHARE } : value,
  defaultText: 'nobody else is asked',
  description:
    "Another upstream, which is asked beside the table's own for a share of the misses, to see whether it would answer the same (docs/compare.md). Changes no answer and no waiting time. A name alone is a tenth of the misses. Not for tables with `sideEffects`, nor for those that are asked by attributes or written by Postfix.",
})

/** Keys that say who asks and what is asked. */
const first = {
  usedBy: oneOrMore(
    'The main.cf parameters that use this table. Sets `search` and `propagateExtension` as Postfix has them there, lets `main-cf` print whole lines and `check` warn about what does not fit.',
    { default: [] },
  ),
  upstream: Type.Optional(
    oneOrMore(
      'Name of an upstream, or a list: the first that has an answer wins; one that does not know ends the search with its failure.',
    ),
  ),
}

/** Keys that say how. */
const rest = {
  search: Type.Optional(
    oneOf(['exact', 'address', 'transport', 'access-address', 'access-client'], {
      defaultText: 'as `usedBy` has it, else `exact`',
      description:
        "Which keys are tried, in Postfix's order: Postfix sends only the full key to tables that a server answers, and leaves the partial ones to us. `address` as virtual(5), `transport` as transport(5), `access-address` and `access-client` as access(5).",
    }),
  ),
  searchParallel: flag(
    false,
    'Asks for up to eight partial keys ahead of their turn instead of one after the other; the answer still goes by order. Faster on a miss, more requests on a hit.',
  ),
  recipientDelimiter: Type.String({
    default: '',
    maxLength: 16,
    pattern: DELIMITERS.source,
    expected: 'signs such as "+", without "@", blanks, letters and digits',
    description:
      'Characters that separate user and extension, each by itself, as `recipient_delimiter` of Postfix. Default none, as Postfix.',
  }),
  localDomains: Type.Unsafe<string[], readonly string[]>({
    type: 'array',
    items: localDomain(),
    decode: (domains: readonly (readonly string[])[]) => domains.flat(),
    default: [],
    description:
      'Domains for which the bare user (`user` without `@domain`) is tried too: what is in $myorigin and $mydestination.',
  }),
  parentDomainMatchesSubdomains: Type.Optional(
    Type.Boolean({
      defaultText: '`true` for `access-address` and `access-client`, else `false`, as Postfix',
      description:
        'Parent domains are tried as `example.com` instead of `.example.com`: true where `parent_domain_matches_subdomains` of Postfix lists the table.',
    }),
  ),
  propagateExtension: Type.Optional(
    Type.Boolean({
      defaultText: 'as `usedBy` has it, else `false`',
      description:
        'Puts the extension back on the addresses of the result when the match was without it, as Postfix does for canonical and virtual tables (`propagate_unmatched_extensions`).',
    }),
  ),
  domains: Type.Optional(Domains),
  foldCase: flag(
    true,
    'Lower-cases keys before the search, as Postfix does for its indexed tables. Without it `User@Example.com` is another key.',
  ),
  deadline: duration(
    { min: '10ms', max: '90s' },
    '5s',
    'Total time for one lookup, all attempts included. Postfix gives up after 100 s; 90 s leaves room for the reply.',
  ),
  sideEffects: Type.Optional(
    Type.Boolean({
      defaultText: '`true` for a table that is asked by attributes, else `false`',
      description:
        'True when a lookup counts or reserves something: it is then never stored (but by `cacheBy`), coalesced, retried or hedged.',
    }),
  ),
  cacheBy: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      defaultText: 'nothing is stored',
      description:
        'For tables that are asked by attributes: the attributes that decide the answer, as only the service can know. Its answer is kept for all requests that are equal in these, for `cache.ttl` and `cache.negativeTtl`, and is never served stale. `[instance]` asks once for each message. Nothing is kept where one of them is not sent, or is empty and says nothing by that. Of those with a secret among them a salted hash is kept, in memory only.',
      examples: [['sasl_username']],
    }),
  ),
  whenUnknown: whenUnknown([]),
  cache: Cache,
  canary: Type.Optional(Canary),
  shadow: Type.Optional(Shadow),
}

const Common = Type.Object({ ...first, ...rest })
export type TableSettings = Settings<typeof Common>

/** The schema of one table, with the keys of every kind of upstream and the words of every protocol. */
export function tableSchema({ upstreams, protocols }: SettingsKinds): Schema<unknown, TableSettings> {
  const ofKinds = upstreams.map(({ tableSettings }) => (tableSettings as SchemaNode | undefined)?.properties)
  const keys: typeof first & typeof rest = Object.assign({ ...first }, ...ofKinds, {
    ...rest,
    whenUnknown: whenUnknown(protocols),
  })
  return Type.Object(keys, { additionalProperties: false })
}
