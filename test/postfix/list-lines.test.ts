/**
 * A list of the format `lines` has the keys and values that postmap(1) finds in the same text.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readEntries } from '../../src/upstreams/replica/list-formats.ts'
import { requirePostfix } from '../support/postfix/postfix.ts'
import { postmapQueryAll } from '../support/postfix/postmap.ts'

/** What it should be, so that both cannot be wrong together. */
const ENTRIES = {
  '"ann b"@a.example': 'annb/',
  'a\\ b@a.example': 'ab/',
  '"q\\" r"@a.example': 'qr/',
  'a"b c"d@a.example': 'x y',
  'list@a.example': 'one,   two,\tthree',
  'tr@a.example': 'v   w',
  'nb\u00a0sp@a.example': 'v',
  '\u00a0nb@a.example': 'nb/  more',
  'form@a.example': 'feed/',
  'key:': 'v',
  'x@a.example': '"quoted  value"',
  'y@a.example': 'v # no comment',
}

const SOURCE = `# odd lines
"ann b"@a.example  annb/
a\\ b@a.example\tab/
"q\\" r"@a.example  qr/
a"b c"d@a.example x y
list@a.example one,
  # a comment within
   two,

\tthree
tr@a.example   v   w \t
nb\u00a0sp@a.example v
\u00a0nb@a.example nb/
  more
form@a.example\f\vfeed/
key: v
x@a.example "quoted  value"
y@a.example v # no comment
`

test('lines are read as postmap reads them', async (t) => {
  requirePostfix(t)
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-lines-'))
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'main.cf'), '')
  writeFileSync(join(folder, 'source'), SOURCE)
  const keys = [...Object.keys(ENTRIES), '"ann', 'ann b@a.example', 'nb', 'a\\'].join('\n')
  const asked = await postmapQueryAll({ configDirectory: folder }, 'texthash:source', Buffer.from(keys))
  const expected = Object.entries(ENTRIES)
  expect(asked.stdout.toString()).toBe(expected.map(([key, value]) => `${key}\t${value}\n`).join(''))

  const read: unknown[] = []
  async function* chunks() {
    yield Buffer.from(SOURCE)
  }
  for await (const entries of readEntries('lines', chunks(), { items: '$[*]', marks: [] }))
    for (const { name, item } of entries) read.push([name, item])
  expect(read).toEqual(expected)
})
