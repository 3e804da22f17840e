/**
 * What is said about mistakes in the replica of a table: whole lines, as they are printed.
 */
import { describe, expect, test } from 'vitest'
import { LISTENERS, UPSTREAMS } from './good-sections.ts'
import { problemsIn } from './problems.ts'

/** One table; its line is the fourth. */
function table(keys: string, file = ''): string {
  return `${LISTENERS}
${UPSTREAMS}
tables:
  t: { upstream: d, canary: { key: a }, ${keys} }
${file}`
}

const REQUEST = 'request: { path: "/{key}" }'

const NO_CANARY =
  'warning: mapgate.yaml:4:3: tables.t: has no canary: if a parameter that rejects mail uses this table, a service that wrongly answers "not found" to everything bounces mail; add canary: { key: ... } with a key that always exists'

describe('problems: tables: replicas', () => {
  const cases: [name: string, yaml: string, expected: string[]][] = [
    ['a whole one', table(`${REQUEST}, replica: { path: /all, directory: /var/lib/r }`), []],
    ['one beside the cache file', table(`${REQUEST}, replica: { path: /all }`, 'cacheFile: /tmp/c'), []],
    ['one that answers alone', table('replica: { path: /all, directory: /r, authoritative: true }'), []],
    [
      'no canary, and no key by which an error message is seen',
      table(`${REQUEST}, replica: { path: /all, directory: /r }`).replace('canary: { key: a }, ', ''),
      [
        NO_CANARY,
        'warning: mapgate.yaml:4:50: tables.t.replica: without a canary nothing shows that the first list is not an error message; add canary: { key: a key that is always in it } to the table',
      ],
    ],
    [
      'no canary, with a key',
      table(`${REQUEST}, replica: { path: /all, directory: /r, key: $.a }`).replace(
        'canary: { key: a }, ',
        '',
      ),
      [NO_CANARY],
    ],
    [
      'no folder to keep it in',
      table(`${REQUEST}, replica: { path: /all }`),
      [
        'mapgate.yaml:4:70: tables.t.replica: "directory" is missing, and there is no cacheFile to keep the copy beside; add one of them',
      ],
    ],
    [
      'no route for keys, and not authoritative',
      table('replica: { path: /all, directory: /r }'),
      [
        'mapgate.yaml:4:3: tables.t: "request.path" is missing, and upstream "d" is an HTTP service; add it, such as /t/{key}',
      ],
    ],
    [
      'no list',
      table(`${REQUEST}, replica: { directory: /r }`),
      ['mapgate.yaml:4:70: tables.t.replica: "path" is missing; add it'],
    ],
    [
      'values that cannot be',
      table(
        `${REQUEST}, replica: { path: all, directory: /r, maxShrink: 120%, items: $..x, next: n, every: 10ms, format: xml }`,
      ),
      [
        'mapgate.yaml:4:87: tables.t.replica.path: "all" does not fit, must be a path that begins with / and holds no # or space',
        'mapgate.yaml:4:118: tables.t.replica.maxShrink: "120%" is not a share; write 0% to 100%, such as 20%',
        'mapgate.yaml:4:131: tables.t.replica.items: "$..x" is not a path to entries; write names and [*], such as $.data[*]',
        'mapgate.yaml:4:143: tables.t.replica.next: "n" does not say where the next page is; write "link" for the header field (RFC 8288), or a path of names such as $.next',
        'mapgate.yaml:4:153: tables.t.replica.every: 10ms is below the shortest every, 1s; raise it',
        'mapgate.yaml:4:167: tables.t.replica.format: "xml" is not known, must be json, ndjson, csv or lines',
      ],
    ],
    [
      'a path that is none, and a next page among the entries',
      table(`${REQUEST}, replica: { path: /all, directory: /r, key: "$[", next: $.next }`),
      [
        expect.stringContaining('tables.t.replica.key: is not a JSONPath: '),
        'mapgate.yaml:4:125: tables.t.replica.next: is among the entries, "$[*]"; the list needs a name for its entries, such as items: $.entries[*]',
      ],
    ],
    [
      'changes, with the cursor in a header field',
      table(
        `${REQUEST}, replica: { path: /all, directory: /r, changes: "/c?since={cursor}", cursor: x-cursor }`,
      ),
      [],
    ],
    [
      'changes without a place for their cursor',
      table(
        `${REQUEST}, replica: { path: /all, directory: /r, changes: "/c?since=", cursor: "a b", deleted: "$[", wholeEvery: 40d }`,
      ),
      [
        'mapgate.yaml:4:117: tables.t.replica.changes: the value does not fit, must be a path that begins with /, holds {cursor} and no # or space',
        'mapgate.yaml:4:138: tables.t.replica.cursor: "a b" does not say where the cursor is; write a path of names such as $.cursor, or the name of a header field such as x-cursor',
        expect.stringContaining('tables.t.replica.deleted: is not a JSONPath: '),
        'mapgate.yaml:4:172: tables.t.replica.wholeEvery: 40d is above the longest wholeEvery, 30d; lower it',
      ],
    ],
    [
      'changes whose cursor is among the entries, or has no place',
      table(
        `${REQUEST}, replica: { path: /all, directory: /r, deleted: "$[", format: csv, changes: "/c/{cursor}" }`,
      ),
      [
        'mapgate.yaml:4:70: tables.t.replica.cursor: is among the entries, "$[*]"; the list needs a name for its entries, such as items: $.entries[*], or name a header field',
        'mapgate.yaml:4:70: tables.t.replica.cursor: a list of csv has no place for it; name a header field, such as x-cursor',
        expect.stringContaining('tables.t.replica.deleted: is not a JSONPath: '),
      ],
    ],
    [
      'a request with attributes',
      table('request: { path: "/{attribute.client_address}" }, replica: { path: /all, directory: /r }'),
      [
        'mapgate.yaml:4:36: tables.t.canary.key: is a key, and this table is asked by attributes; write "attributes", such as { sender: known@example.com }',
        'mapgate.yaml:4:91: tables.t.replica: cannot be used with sideEffects: true, where each lookup must ask; remove one',
        'mapgate.yaml:4:91: tables.t.replica: a list has keys and no attributes; remove it, or {attribute.…} of the request',
      ],
    ],
    [
      'a lookup with side effects, two services, nobody to say "not found"',
      `${LISTENERS}
upstreams: { d: { endpoints: ["http://127.0.0.1:1"] }, e: { endpoints: ["http://127.0.0.1:2"] } }
tables:
  t: { upstream: [d, e], canary: { key: a }, ${REQUEST}, sideEffects: true, replica: { path: /all, directory: /r, authoritative: true, notFoundFor: 0ms } }`,
      [
        'mapgate.yaml:4:94: tables.t.replica: a replica is the list of one HTTP service; let the table ask exactly one',
        'mapgate.yaml:4:94: tables.t.replica: cannot be used with sideEffects: true, where each lookup must ask; remove one',
        'mapgate.yaml:4:166: tables.t.replica.notFoundFor: with authoritative: true nothing else can say "not found"; raise it, or remove authoritative',
      ],
    ],
  ]

  test('a folder that cannot be used, its own one and that beside the cache file', async () => {
    const tryFolder = async (folder: string) => `is ${folder}`
    const own = table(`${REQUEST}, replica: { path: /all, directory: /r }`)
    expect(await problemsIn(own, { tryFolder })).toEqual([
      'mapgate.yaml:4:104: tables.t.replica.directory: "/r/t": is /r/t',
    ])
    const beside = table(`${REQUEST}, replica: { path: /all }`, 'cacheFile: /tmp/c')
    expect(await problemsIn(beside, { tryFolder })).toEqual([
      'mapgate.yaml:4:70: tables.t.replica: "/tmp/replica/t": is /tmp/replica/t',
    ])
  })

  for (const [name, yaml, expected] of cases) {
    test(name, async () => {
      expect(await problemsIn(yaml)).toEqual(expected)
    })
  }
})
