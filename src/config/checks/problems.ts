/**
 * What the checks of the whole file say, each by a code that stays when the sentence is edited.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const CHECK_PROBLEMS = {
  'cache-by-without-attributes':
    'is only for tables whose request has {attribute...}; answers to keys are stored by key',
  'reply-without-attributes': '… is only for tables whose request has {attribute...}; remove it',
  'setting-about-keys': 'is about keys, and this table is asked by attributes; remove it',
  'not-found-with-attributes': 'a table that is asked by attributes has … here; write one of them',
  'cache-without-cache-by':
    'has no effect without cacheBy: nothing is stored; add cacheBy, or write cache: off',
  'cache-by-without-cache': 'cannot be used with cache: off, where nothing is stored; remove one',
  'upstream-takes-no-attributes': '"…" is …, which takes keys and no attributes; use another',
  'listener-sends-keys-only':
    'table "…" is asked by attributes, and … has keys only; let another listener serve it',
  'listener-lacks-attribute': 'table "…" asks for …, which … does not send; …',
  'listener-lacks-reply': '… has no reply …: in an outage its clients are told to try again later; …',
  'canary-without-network': 'has no effect: no upstream of this table is asked over a network',
  'unknown-without-canary':
    'needs a canary: without one mapgate cannot tell an outage from one key that fails, and whoever sends such a key may pass unchecked; add …',
  'canary-attributes-without-request':
    'is only for tables whose request has {attribute...}; write "key", a key that always exists',
  'canary-without-key': '"key" is missing; add it',
  'canary-key-with-attributes':
    'is a key, and this table is asked by attributes; write "attributes", such as { sender: known@example.com }',
  'canary-without-attributes':
    '"attributes" is missing; add those of a question that the service always has an answer to',
  'canary-lacks-attributes':
    'lacks …, which the request of this table asks for; add it, "" where it is to be empty',
  'domains-in-a-cycle': 'is a cycle: …; use a list in one of them',
  'canary-without-domain':
    '… has no domain, and where "domains" is set, keys without one are not asked: it proves nothing about the others; use a key in a domain of the list',
  'domains-lack-canary':
    'does not have the domain of the canary, …: its keys are "not found" without asking; correct one of them',
  'domains-table-lacks-canary':
    'the table … does not have the domain of the canary, …: its keys are "not found" without asking; correct one of them',
  'setting-of-networks': 'has no use for a unix socket; "mode", "owner" and "group" say who may connect',
  'setting-of-unix-sockets': 'is only for unix sockets; remove it',
  'address-taken': '… is the address of … too; choose another',
  'allow-missing':
    '… can be reached from other machines, so "allow" is needed; list the networks of your mail servers',
  'allow-lets-nobody': 'lets nobody connect: …',
  'connections-per-address-above-all': '… is above maxConnections, …, and so has no effect; lower it',
  'admin-without-tokens':
    '… may be reached from other machines, so "tokens" are needed; add one, or listen on 127.0.0.1',
  'admin-open-to-operators': 'operator lets everybody who can connect purge and reload; use viewer or none',
  'admin-tokens-in-the-clear':
    'sends tokens over the network in the clear; add "tls", or put a proxy with TLS in front of it',
  'admin-token-twice': 'is the same token as one above',
  'stale-without-canary':
    'needs a canary: without one mapgate cannot tell that the service was healthy when it said "not found"; add canary: { key: ... } with a key that always exists',
  'stale-with-side-effects': 'cannot be used with sideEffects: true, where nothing is stored; remove one',
  'outage-without-used-by':
    'needs usedBy, because what a wrong "not found" does depends on it; name every main.cf parameter that uses this table',
  'outage-use-unknown':
    'cannot be used with …: mapgate does not know what a wrong "not found" does there; remove it',
  'outage-use-harmed': 'cannot be used with …: by a wrong "not found" …; …',
  'proof-is-itself': 'is the table itself; name the table that knows the mailboxes',
  'proof-stores-nothing':
    'table "…" stores nothing, so it knows nothing in an outage; name another, or let it store',
  'proof-for-another-use':
    'table "…" is no proof for …: its usedBy does not name …; name a table with one of them',
  'folder-unusable': '…: …',
  'pass-in-a-circle': 'leads back to this listener…; write the socket of the other server',
  'pass-unreachable': 'cannot be reached now, so that other tables fail: …',
  'log-without-hash-key':
    'hash needs "hashKey", a secret text; add it, so that nobody can guess the addresses',
  'shared-without-place': 'does not say where the store is; add …',
  'shared-with-places': 'has …, which are different stores; keep one: …',
  'shared-mixes-tls': 'has addresses with and without TLS; write redis:// or rediss:// for all of them',
  'shared-tls-without-use':
    'is only used with an address that begins with rediss://; change "…", or remove it',
  'shared-without-password': 'needs "password"; add it, from a file or a credential',
  'shared-in-the-clear':
    'the password and all answers go over the network as plain text; use rediss:// (TLS)',
  'tls-file-unusable': 'the file … …',
  'file-closed': 'the file …: …',
  'socket-unusable': '…: …',
  'cache-file-taken': '…: is already used for something else and would be overwritten; choose another file',
  'cache-file-unusable': '…: …; until then no answer is kept over a restart',
  'shadow-is-itself': "… is the table's own upstream; name the one to compare it with",
  'shadow-is-written': '"…" is …; name one that is only read',
  'shadow-without-network':
    'has nothing to compare: no upstream of this table is asked over a network; remove it',
  'shadow-with-attributes':
    'is for tables that are asked by keys, and this one is asked by attributes; remove it',
  'shadow-with-side-effects':
    'cannot be used with sideEffects: true, where each lookup is one request; remove one',
  'upstream-missing': '"upstream" is missing; add the name of an upstream, or a list of names',
  'upstream-twice': '… is in the list twice; remove one',
  'ttl-bounds-crossed': 'minTtl, …, is above maxTtl, …; lower it or raise maxTtl',
  'ttl-bounds-without-use': 'has no effect without honorCacheControl: true',
  'cache-with-side-effects':
    'has no effect with sideEffects: true, where nothing is stored; write cache: off',
  'search-setting-without-use': 'has no effect with search: …',
  'extension-without-search': 'has no effect without search: address and a recipientDelimiter',
  'upstream-without-kind': 'has …',
  'use-forbidden': '… cannot use a table of mapgate: …',
  'use-without-store':
    '… is written by Postfix, which ends the daemon where it cannot; let the table ask a store: upstream: NAME, with NAME: { store: { directory: /var/lib/mapgate/store } } in "upstreams"',
  'use-refused': '… cannot use this table: …',
  'use-unknown': '… is not a parameter that mapgate knows; …',
  'use-searches-otherwise': '… searches as "…", but this table as "…"; …',
  'use-extends-otherwise': '… … the extension back on results, but this table …; …',
  'delimiter-advised':
    'has no recipientDelimiter: with …, mail to ann+news@ is refused where main.cf has a recipient_delimiter; write recipientDelimiter: "+" as there, or "" where postconf recipient_delimiter is empty',
  'canary-advised':
    'has no canary: …, a service that wrongly answers "not found" to everything bounces mail; add canary: { key: ... } with a key that always exists',
} as const satisfies ProblemCatalogue
