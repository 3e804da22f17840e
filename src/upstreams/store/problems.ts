/**
 * What is wrong with a store and the tables that Postfix writes.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const STORE_PROBLEMS = {
  'store-directory-unused':
    'is not used: the entries are kept in the shared store; remove it, or keep them here with "shared: false" beside it',
  'store-without-shared': 'needs the section "shared", which says where that store is; add it',
  'store-without-directory':
    'has no "directory"; add a folder on this machine, or the section "shared" to keep the entries in a store of several gateways',
  'store-directory-taken': 'is the folder of another store, too; give each its own',
  'store-beside-others': 'has a store and another upstream; a table that is written has the store alone',
  'store-setting-of-others': 'does not belong to a table that Postfix writes; remove it',
} as const satisfies ProblemCatalogue
