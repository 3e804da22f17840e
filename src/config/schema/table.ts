/**
 * Lookup tables. Rules: design.md; postfix-wire-facts.md for what Postfix searches and how.
 */
import { type Static, Type } from '../json-schema.ts'
import { Cache, Canary } from './cache.ts'
import { duration, flag, oneOf, oneOrMore } from './kinds.ts'
import { Batch, Request, Response } from './request.ts'

const DomainsTable = Type.Object(
  {
    table: Type.String({
      minLength: 1,
      description: 'A table that is asked for the domain; found means inside.',
    }),
  },
  { additionalProperties: false, expected: 'a list of domains or { table: NAME }' },
)

const Domains = Type.Unsafe<string[] | Static<typeof DomainsTable>>({
  if: { type: 'array' },
  // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
  then: { type: 'array', items: { type: 'string', minLength: 1 } },
  else: DomainsTable,
  defaultText: 'every domain is asked',
  description:
    'Keys of any other domain are "not found" without asking: the biggest saver of load, since Postfix asks virtual_alias_maps for every remote recipient too. A list (`.example.org` stands for every subdomain), or `{ table: NAME }` to ask another table.',
})

export const Table = Type.Object(
  {
    usedBy: oneOrMore(
      'The main.cf parameters that use this table. Sets `search` and `propagateExtension` as Postfix has them there, lets `main-cf` print whole lines and `check` warn about what does not fit.',
      { default: [] },
    ),
    upstream: Type.Optional(
      oneOrMore(
        'Name of an upstream, or a list: the first that has an answer wins; one that does not know ends the search with its failure.',
      ),
    ),
    request: Type.Optional(Request),
    batch: Type.Optional(Batch),
    response: Response,
    search: Type.Optional(
      oneOf(['exact', 'address', 'transport', 'access-address', 'access-client'], {
        defaultText: 'as `usedBy` has it, else `exact`',
        description:
          "Which keys are tried, in Postfix's order: Postfix sends the full key only to socketmap and tcp tables and leaves the partial ones to us. `address` as virtual(5), `transport` as transport(5), `access-address` and `access-client` as access(5).",
      }),
    ),
    searchParallel: flag(
      false,
      'Asks for up to eight partial keys ahead of their turn instead of one after the other; the answer still goes by order. Faster on a miss, more requests on a hit.',
    ),
    recipientDelimiter: Type.String({
      default: '',
      maxLength: 16,
      description:
        'Characters that separate user and extension, each by itself, as `recipient_delimiter` of Postfix. Default none, as Postfix.',
    }),
    localDomains: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        'Domains for which the bare user (`user` without `@domain`) is tried too: what stands in $myorigin and $mydestination.',
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
    sideEffects: flag(
      false,
      'True when a lookup counts or reserves something: it is then never stored, coalesced, retried or hedged.',
    ),
    cache: Cache,
    canary: Type.Optional(Canary),
  },
  { additionalProperties: false },
)
export type TableFile = Static<typeof Table>
