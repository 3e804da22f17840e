/**
 * What is said about mistakes in tables: whole lines, as they are printed.
 */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('tables: domains, search and use', [
  [
    'a canary whose domain is not in the table of domains',
    `${LISTENERS}
upstreams: { d: { endpoints: ["http://a.example"] }, own: { entries: { "a.example": x } } }
tables:
  domains: { upstream: own }
  good: { upstream: d, request: { path: "/{key}" }, canary: { key: p@a.example }, domains: { table: domains } }
  bad: { upstream: d, request: { path: "/{key}" }, canary: { key: p@b.example }, domains: { table: domains } }`,
    [
      'mapgate.yaml:6:82: tables.bad.domains: the table "domains" does not have the domain of the canary, "b.example": its keys are "not found" without asking; correct one of them',
    ],
  ],
  [
    'domains that are none',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    domains: ["*.example", "a@b.example", "@c.example", "a b"]`,
    [
      'mapgate.yaml:8:15: tables.t.domains[0]: "*.example" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:8:28: tables.t.domains[1]: "a@b.example" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:8:43: tables.t.domains[2]: "@c.example" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:8:57: tables.t.domains[3]: "a b" is not a domain; write example.com, or .example.com for its subdomains',
    ],
  ],
  [
    'domains that no key can have',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: s
    domains: ["a..example", ".", "192.0.2.1", "::1", "a.example:25", "-a.example", "a.example,"]`,
    [
      'mapgate.yaml:6:15: tables.t.domains[0]: "a..example" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:6:29: tables.t.domains[1]: "." is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:6:34: tables.t.domains[2]: "192.0.2.1" is an address, and keys that are addresses are always asked; remove it',
      'mapgate.yaml:6:47: tables.t.domains[3]: "::1" is an address, and keys that are addresses are always asked; remove it',
      'mapgate.yaml:6:54: tables.t.domains[4]: "a.example:25" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:6:70: tables.t.domains[5]: "-a.example" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:6:84: tables.t.domains[6]: "a.example," is not a domain; write example.com, or .example.com for its subdomains',
    ],
  ],
  [
    'A-labels that are no Punycode, and literals that are no addresses',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: s
    domains: ["xn--zzzz", "a.xn--999999999.example", "xn--bcher-kva.example", "[192.0.2.300]", "[192.0.2.1]", "[IPv6:2001:db8::1]", "[a.example]"]`,
    [
      'mapgate.yaml:6:15: tables.t.domains[0]: "xn--zzzz" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:6:27: tables.t.domains[1]: "a.xn--999999999.example" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:6:79: tables.t.domains[3]: "[192.0.2.300]" is not a domain; write example.com, or .example.com for its subdomains',
      'mapgate.yaml:6:133: tables.t.domains[6]: "[a.example]" is not a domain; write example.com, or .example.com for its subdomains',
    ],
  ],
  ...['a@', '+ ', 'x', '+5', 'é'].map((delimiter): [string, string, string[]] => [
    `the recipient delimiter "${delimiter}", which splits what is no extension`,
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: s
    search: address
    recipientDelimiter: "${delimiter}"`,
    [
      `mapgate.yaml:7:25: tables.t.recipientDelimiter: "${delimiter}" does not fit, must be signs such as "+", without "@", blanks, letters and digits`,
    ],
  ]),
  [
    'an empty list of domains, which makes every key "not found"',
    `${LISTENERS}
${UPSTREAMS}
tables: { t: { upstream: s, domains: [] } }`,
    ['mapgate.yaml:3:29: tables.t.domains: is an empty list; name at least one'],
  ],
  [
    'an unknown table as domains filter',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    domains: { table: zz }`,
    ['mapgate.yaml:8:23: tables.t.domains.table: there is no table "zz"; there is t'],
  ],
  [
    'a table that filters itself',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    domains: { table: t }`,
    ['mapgate.yaml:8:23: tables.t.domains.table: is a cycle: t asks t; use a list in one of them'],
  ],
  [
    'filters in a circle, told at each table in it',
    `${LISTENERS}
${UPSTREAMS}
tables:
  a: { upstream: s, domains: { table: b } }
  b: { upstream: s, domains: { table: c } }
  c: { upstream: s, domains: { table: b } }`,
    [
      'mapgate.yaml:5:39: tables.b.domains.table: is a cycle: b asks c asks b; use a list in one of them',
      'mapgate.yaml:6:39: tables.c.domains.table: is a cycle: c asks b asks c; use a list in one of them',
    ],
  ],
  [
    'settings of the search without effect',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    searchParallel: true
    recipientDelimiter: "+"
    localDomains: [a.example]
    parentDomainMatchesSubdomains: true
    propagateExtension: true`,
    [
      'warning: mapgate.yaml:8:5: tables.t.searchParallel: has no effect with search: exact',
      'warning: mapgate.yaml:9:5: tables.t.recipientDelimiter: has no effect with search: exact',
      'warning: mapgate.yaml:10:5: tables.t.localDomains: has no effect with search: exact',
      'warning: mapgate.yaml:11:5: tables.t.parentDomainMatchesSubdomains: has no effect with search: exact',
      'warning: mapgate.yaml:12:5: tables.t.propagateExtension: has no effect without search: address and a recipientDelimiter',
    ],
  ],
  [
    'local domains that are none',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    search: address
    localDomains: ["@a.example", ".b.example"]`,
    [
      'mapgate.yaml:9:20: tables.t.localDomains[0]: is not a domain; write it as in example.com',
      'mapgate.yaml:9:34: tables.t.localDomains[1]: is not a domain; write it as in example.com',
    ],
  ],
  [
    'a setting of the search in defaults is no mistake for the tables that it does not fit',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
defaults: { table: { recipientDelimiter: "+" } }`,
    [],
  ],
  [
    'a parameter that is not known',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: [virtual_alias_map, zzzzzzzzz]`,
    [
      'warning: mapgate.yaml:8:14: tables.t.usedBy[0]: "virtual_alias_map" is not a parameter that mapgate knows; did you mean "virtual_alias_maps"',
      'warning: mapgate.yaml:8:33: tables.t.usedBy[1]: "zzzzzzzzz" is not a parameter that mapgate knows; set "search" and "propagateExtension" yourself',
    ],
  ],
  [
    'a parameter that refuses these tables',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: alias_maps`,
    [
      'warning: mapgate.yaml:8:13: tables.t.usedBy: alias_maps cannot use this table: local(8) refuses every table that a server answers; use a local file',
    ],
  ],
  [
    'a search that does not fit',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: transport_maps
    search: exact`,
    [
      'warning: mapgate.yaml:9:13: tables.t.search: transport_maps searches as "transport", but this table as "exact"; change it or leave it out',
    ],
  ],
  [
    'two parameters that search differently',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: [relocated_maps, transport_maps]`,
    [
      'warning: mapgate.yaml:8:5: tables.t.usedBy: transport_maps searches as "transport", but this table as "address"; use two tables',
    ],
  ],
  [
    'an extension that would not be put back',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: virtual_alias_maps
    propagateExtension: false
    recipientDelimiter: ""`,
    [
      'warning: mapgate.yaml:9:25: tables.t.propagateExtension: virtual_alias_maps puts the extension back on results, but this table does not; change it or leave it out',
    ],
  ],
  [
    'two parameters of which one puts the extension back',
    `${LISTENERS}
${UPSTREAMS}
tables:
  t:
    upstream: d
    request: { path: "/{key}" }
    canary: { key: a }
    usedBy: [virtual_alias_maps, relocated_maps]
    recipientDelimiter: ""`,
    [
      'warning: mapgate.yaml:8:5: tables.t.usedBy: relocated_maps does not put the extension back on results, but this table does; use two tables',
    ],
  ],
  [
    'recipients whose extension nobody has thought of',
    `${LISTENERS}
${UPSTREAMS}
defaults: { table: { upstream: d, request: { path: "/{key}" }, canary: { key: a } } }
tables:
  aliases: { usedBy: virtual_alias_maps }
  mailboxes: { usedBy: [virtual_mailbox_maps, relay_recipient_maps] }
  local: { usedBy: local_recipient_maps }
  moved: { usedBy: relocated_maps }
  none: { usedBy: virtual_alias_maps, recipientDelimiter: "" }
  written: { usedBy: virtual_alias_maps, recipientDelimiter: "+" }`,
    [
      ['5:3', 'aliases', 'virtual_alias_maps'],
      ['6:3', 'mailboxes', 'virtual_mailbox_maps'],
      ['7:3', 'local', 'local_recipient_maps'],
    ].map(
      ([at, table, use]) =>
        `warning: mapgate.yaml:${at}: tables.${table}: has no recipientDelimiter: with ${use}, mail to ann+news@ is refused where main.cf has a recipient_delimiter; write recipientDelimiter: "+" as there, or "" where postconf recipient_delimiter is empty`,
    ),
  ],
  [
    'the hash of keys without its key',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
log: { keys: hash }`,
    [
      'mapgate.yaml:4:14: log.keys: hash needs "hashKey", a secret text; add it, so that nobody can guess the addresses',
    ],
  ],
])
