/**
 * Stores in the configuration.
 */
import { type Settings, Type } from '../../schema/schema.ts'
import type { UpstreamSettingsKind } from '../../schema/settings-kind.ts'
import { count, duration, size } from '../../schema/values.ts'

const StoreUpstream = Type.Object({
  store: Type.Object(
    {
      directory: Type.String({
        minLength: 1,
        file: 'written',
        description:
          'Folder in which the entries are kept, with mode 0700. It is made if it is not there; on a local file system, and of no other store.',
      }),
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
        'A store instead of an HTTP service: a table that Postfix writes. For `address_verify_map` and `postscreen_cache_map`. Needs the optional package lmdb. No other key of this section applies then.',
    },
  ),
})

export type StoreKeys = Settings<typeof StoreUpstream>

export const storeConfiguration: UpstreamSettingsKind<typeof StoreUpstream> = {
  name: 'store',
  summary: 'a table that Postfix writes',
  word: 'store',
  wordMeans: 'a folder for what Postfix writes',
  settings: StoreUpstream,
  isRemote: false,
  isWritten: true,
  check({ store }, scope, all) {
    if (all.filter((other) => other.store.directory === store.directory).length > 1)
      scope.error(['store', 'directory'], 'is the folder of another store, too; give each its own')
  },
  checkTable(_table, { scope, upstreams }) {
    if (upstreams.size === 0) return
    if (scope.isWritten(['upstream', 1]))
      scope.error(
        ['upstream'],
        'has a store and another upstream; a table that is written has the store alone',
      )
    for (const key of ['domains', 'canary', 'whenUnknown'])
      if (scope.isWritten([key]))
        scope.error([key], 'does not belong to a table that Postfix writes; remove it', 'key')
  },
  decisive: ({ store }) => ({ directory: store.directory }),
}
