/**
 * A copy of one table without a service: what a list says is written down by the test.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import type { Followed } from '../../../../src/upstreams/replica/followed.ts'
import type { ReplicaFile } from '../../../../src/upstreams/replica/replica-file.ts'
import type { RunCopy } from '../../../../src/upstreams/replica/run-copy.ts'
import { TableReplica } from '../../../../src/upstreams/replica/table-replica.ts'
import { ManualClock } from '../../../support/clock/manual-clock.ts'
import { responseSettings } from '../../../support/http/http-endpoint.ts'

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-replica-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export const listSettings: Followed['settings']['list'] = {
  path: '/list',
  everyMs: 3_600_000,
  maxShrink: 0.2,
  format: undefined,
  items: '$[*]',
  key: undefined,
  value: undefined,
  next: undefined,
  changes: undefined,
  cursor: '$.cursor',
  deleted: '$.deleted',
  wholeEveryMs: 86_400_000,
  timeoutMs: 60_000,
  maxBytes: 1_000_000,
  maxEntries: 1000,
  authoritative: true,
  notFoundForMs: 60_000,
}

/** A list with one entry. */
const copyOne: RunCopy = async (job, file: ReplicaFile) => {
  const { slot } = file.beginFilling(job.token)
  file.fill(job.token, slot, [['old@x.example', 'old/']], false, [])
  return {
    kind: 'filled',
    slot,
    entries: 1,
    bytes: 20,
    validators: undefined,
    cursor: undefined,
    lost: 0,
    lostKeys: [],
    changed: 1,
  }
}

export function tableReplica(path: string, run: RunCopy, onGone: Followed['onGone'] = () => {}) {
  const clock = new ManualClock()
  const replica = new TableReplica(path, {
    clock,
    random: () => 0.5,
    observer: { replicaChanged: () => {} },
    onCredentialsRefused: () => {},
    onDefect: (error) => expect.unreachable(String(error)),
    drilled: () => false,
    authorize: () => expect.unreachable('no service is asked'),
    run,
  })
  const followed: Followed = {
    settings: {
      table: 'mailboxes',
      foldCase: true,
      list: listSettings,
      response: responseSettings({}),
      usedBy: [],
      canary: undefined,
    },
    upstream: () => ({}) as ReturnType<Followed['upstream']>,
    meaning: {},
    marks: { fingerprint: 'one', readAs: 'one' },
    onGone,
  }
  replica.start(followed)
  clock.advance(0)
  return { replica, clock, followed }
}

/** A copy with one entry, in use. */
export async function copied(path: string) {
  const { replica } = tableReplica(path, copyOne)
  while (replica.status().state !== 'ready') await delay(1)
  return replica
}
