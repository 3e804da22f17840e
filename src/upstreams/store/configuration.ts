/**
 * Stores in the configuration.
 */

import { problem } from '../../schema/problem.ts'
import { type Settings, Type } from '../../schema/schema.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { count, duration, flag, size } from '../../schema/values.ts'
import type { UpstreamSettings } from '../kind.ts'
import { whyNoLmdb } from '../lmdb.ts'
import { STORE_PROBLEMS } from './problems.ts'

const StoreUpstream = Type.Object({
  store: Type.Object(
    {
      directory: Type.Optional(
        Type.String({
          minLength: 1,
          file: 'written',
          defaultText: 'none; needed where the entries are kept on this machine',
          description:
            'Folder in which the entries are kept, with mode 0700. It is made if it is not there; on a local file system, and of no other store.',
        }),
      ),
      shared: flag(
        true,
        'Whether the entries are kept in the [`shared`](#shared) store, where the configuration has one, so that the Postfix hosts of all its gateways know the same. Without that section, or with `false`, they are kept in `directory`.',
      ),
      maxBytes: size(
        { min: '64KiB', max: '64GiB' },
        '256MiB',
        'Keys and values of all tables of the store; when it is more, the entries that expire first go. The file on disk may have twice as much.',
      ),
      maxEntries: count(
        1,
        100_000_000,
        1_000_000,
        'Entries of all tables of the store; when there are more, those that expire first go.',
      ),
      ttl: duration(
        { min: '1s', max: '3650d' },
        '30d',
        'How long an entry is kept after it was written. What a client says (memcache) may only be less.',
      ),
    },
    {
      additionalProperties: false,
      description:
        'A store instead of an HTTP service: a table that Postfix writes. For `address_verify_map` and `postscreen_cache_map`. Needs the optional package lmdb, unless the entries are in the `shared` store. No other key of this section applies then.',
    },
  ),
})

export type StoreSettings = UpstreamSettings & Settings<typeof StoreUpstream>

export const storeConfiguration: UpstreamSettingsKind<typeof StoreUpstream> = {
  name: 'store',
  summary: 'a table that Postfix writes',
  word: 'store',
  wordMeans: 'a folder for what Postfix writes',
  problems: STORE_PROBLEMS,
  settings: StoreUpstream,
  isRemote: false,
  isWritten: true,
  check({ store }, scope, { all, isShared, keepsFilesIn }) {
    const { directory } = store
    if (isShared && store.shared) {
      if (directory !== undefined)
        scope.warning(['store', 'directory'], problem(STORE_PROBLEMS, 'store-directory-unused'))
      return
    }
    if (!isShared && scope.isWritten(['store', 'shared']) && store.shared)
      scope.error(['store', 'shared'], problem(STORE_PROBLEMS, 'store-without-shared'))
    else if (directory === undefined)
      scope.error(['store'], problem(STORE_PROBLEMS, 'store-without-directory'))
    else if (all.filter((other) => other.store.directory === directory).length > 1)
      scope.error(['store', 'directory'], problem(STORE_PROBLEMS, 'store-directory-taken'))
    else {
      const missing = whyNoLmdb('a store')
      if (missing !== undefined) scope.error(['store'], { code: 'lmdb-missing', message: missing })
      keepsFilesIn(['store', 'directory'], directory)
    }
  },
  checkTable(_table, { scope, upstreams }) {
    if (upstreams.size === 0) return
    if (scope.isWritten(['upstream', 1]))
      scope.error(['upstream'], problem(STORE_PROBLEMS, 'store-beside-others'))
    for (const key of ['domains', 'canary', 'whenUnknown'])
      if (scope.isWritten([key]))
        scope.error([key], problem(STORE_PROBLEMS, 'store-setting-of-others'), 'key')
  },
  decisive: ({ store }) => ({ directory: store.directory }),
}
