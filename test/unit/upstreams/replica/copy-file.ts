/**
 * The file of a copy as tests write it: filled, kept aside, in use.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { CopyRecord } from '../../../../src/upstreams/replica/copy-record.ts'
import type { Entry } from '../../../../src/upstreams/replica/read-list.ts'
import { ReplicaFile } from '../../../../src/upstreams/replica/replica-file.ts'

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-replica-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const RECORD: Omit<CopyRecord, 'slot' | 'entries'> = {
  bytes: 10,
  durationMs: 1,
  copiedAtMs: 1000,
  changedAtMs: 1000,
  listedAtMs: 1000,
  validators: { etag: '"1"' },
  cursor: 'r1',
}

export class Copy {
  file: ReplicaFile
  readonly #path: string

  constructor(path = folder()) {
    this.#path = path
    this.file = ReplicaFile.open(path)
    this.file.adopt({ fingerprint: 'one', readAs: 'x' })
  }

  fill(entries: readonly Entry[], token: string): CopyRecord {
    const { slot } = this.file.beginFilling(token)
    this.file.fill(token, slot, entries, false, [])
    return { ...RECORD, slot, entries: entries.length }
  }

  async use(entries: readonly Entry[], round = 0): Promise<boolean> {
    return this.file.exchange('t', this.fill(entries, 't'), round)
  }

  async hold(
    entries: readonly Entry[],
    ...[round]: readonly [number | undefined] | readonly []
  ): Promise<void> {
    const record = {
      ...this.fill(entries, 'h'),
      cursor: 'r2',
      lost: 1,
      reason: 'it lacks keys',
      ...(round !== undefined && { round }),
    }
    expect(await this.file.hold('h', record)).toBe(true)
  }

  push(key: string, result: string | undefined, isAsked = false): Promise<void> {
    return this.file.push([key, result], 2000, () => isAsked)
  }

  /** As after a crash: what was committed is there. */
  async reopen(): Promise<void> {
    await this.file.close()
    this.file = ReplicaFile.open(this.#path)
    this.file.adopt({ fingerprint: 'one', readAs: 'x' })
  }

  get(key: string): string | undefined {
    this.file.refresh()
    const slot = this.file.state()?.current?.slot
    return slot && this.file.get(slot, key)
  }
}

export async function withCopy(path = folder()): Promise<Copy> {
  const copy = new Copy(path)
  onTestFinished(() => copy.file.close())
  expect(
    await copy.use([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]),
  ).toBe(true)
  return copy
}
