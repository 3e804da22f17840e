/**
 * What is wrong with a proxymap listener.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const PROXYMAP_PROBLEMS = {
  'proxymap-write-without-store': '… asks no store, so nobody can write it',
  'proxymap-not-unix': 'Postfix asks proxymap at a unix socket only; write unix:/PATH, or use memcache',
  'proxymap-outside-queue': 'is not below …, where daemons in a chroot look for it',
  'proxymap-pass-is-itself': 'is this listener itself; write the socket of Postfix, …',
  'proxymap-greeting': 'makes Postfix 3.6 and newer wait an hour; it is for 3.4 and 3.5 alone',
  'proxymap-write-without-pass':
    'has "write" and no "pass": all proxy: tables that Postfix writes come here by proxywrite_service_name, and those that are not in "write" fail; add pass: "…" (and a listener of their own for tables that are only read), or have no other such table',
  'proxymap-without-pass':
    'has no "pass": all proxy: tables of Postfix come here, and those that are not ours are answered "try again later", also local_recipient_maps by its default; add pass: "…", or have no other proxy: table',
  'proxymap-pass-only-reads':
    'only reads: it refuses every other proxy: table that Postfix writes, such as proxy:btree:FILE in postscreen_cache_map, and that ends the daemon; move "write" to a listener of its own with pass: "…"',
  'proxymap-pass-only-writes':
    'refuses tables that Postfix only reads, and that ends the daemon; write …, or say in "write" which tables are written here',
  'proxymap-read-tables-refused':
    'are asked by proxymap_service_name, where "pass" refuses every other proxy: table that Postfix only reads, and that ends the daemon; move them to a listener of their own with pass: "…"',
} as const satisfies ProblemCatalogue
