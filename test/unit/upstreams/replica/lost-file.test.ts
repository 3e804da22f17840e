/**
 * A copy whose file is removed or replaced while it is open: what is written to it goes with the process, and no write says so.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { OpenedFile } from '../../../../src/upstreams/opened-file.ts'
import type { CopyJob } from '../../../../src/upstreams/replica/copy-job.ts'
import { ReplicaFile } from '../../../../src/upstreams/replica/replica-file.ts'
import { runCopy } from '../../../../src/upstreams/replica/run-copy.ts'
import { withCopy } from './copy-file.ts'
import { copied, folder } from './replica-set-up.ts'

const CASES: [fate: string, happens: (path: string) => void][] = [
  ['removed', (path) => rmSync(path, { recursive: true })],
  ['removed', (path) => rmSync(join(path, 'data.mdb'))],
  ['removed', (path) => renameSync(path, `${path}.old`)],
  [
    'replaced',
    (path) => {
      renameSync(path, `${path}.old`)
      mkdirSync(path)
      writeFileSync(join(path, 'data.mdb'), '')
    },
  ],
]

for (const [at, [fate, happens]] of CASES.entries()) {
  test(`${fate} (${at + 1}): pushes are refused, no list is taken over, and lookups go on`, async () => {
    const path = join(folder(), 'mailboxes')
    const replica = await copied(path)
    happens(path)
    const why = `the copy cannot be kept: its file ${path}/data.mdb was ${fate}; restart mapgate while the service answers, and the list is read again`
    expect(await replica.change('new@x.example', 'new/')).toEqual({ kind: 'failed', why })
    expect(replica.find('new@x.example')).toBeUndefined()
    replica.refresh(true)
    while (replica.status().state === 'copying') await delay(1)
    expect(replica.status()).toMatchObject({ state: 'ready', entries: 1, failures: 1, lastFailure: why })
    expect(replica.find('old@x.example')).toBe('old/')
    await replica.close()
  })
}

test('a list that is kept aside is neither accepted nor rejected then, and one that was read is not taken over', async () => {
  const path = join(folder(), 'mailboxes')
  const copy = await withCopy(path)
  await copy.hold([['a', '9']])
  const record = copy.fill([['a', '8']], 't')
  rmSync(path, { recursive: true })
  for (const accept of [true, false])
    await expect(copy.file.settleHeld(accept)).rejects.toThrow('was removed')
  await expect(copy.file.exchange('t', record, 0)).rejects.toThrow('was removed')
  await expect(copy.file.renew(5000, 'a', 1)).rejects.toThrow('was removed')
  expect(copy.get('a')).toBe('1')
  expect(copy.file.state()?.held?.entries).toBe(1)
})

test('no list is asked for then', async () => {
  const path = join(folder(), 'mailboxes')
  const { file } = await withCopy(path)
  rmSync(path, { recursive: true })
  const nobody = () => expect.unreachable('the service is asked')
  // Nothing of the job is looked at.
  const outcome = await runCopy({} as CopyJob, file, nobody, new AbortController().signal, nobody)
  expect(outcome).toMatchObject({ kind: 'failed', cause: 'replica' })
})

test('a file is removed, too, where a parent of it is no folder any more', async () => {
  const path = folder()
  const file = ReplicaFile.open(path)
  await file.close()
  const opened = new OpenedFile(join(path, 'data.mdb'))
  expect(await opened.fate()).toBeUndefined()
  rmSync(path, { recursive: true })
  writeFileSync(path, '')
  expect(await opened.fate()).toBe('removed')
})
