/**
 * What a copy depends on: what its list means, and how it was read. Pure.
 *
 * A copy whose list means something else is not used. One that was only read otherwise (other parameters of main.cf, another
 * route for changes) is used until the whole list has been read again. How long things take, and how single keys are asked for,
 * is of no matter to it.
 */
import { createHash } from 'node:crypto'
import { usesOf } from '../../core/value/value-use.ts'
import type { ListSettings } from './settings.ts'

export interface CopyMarks {
  /** Changes with the meaning of the list. */
  readonly fingerprint: string
  /** Changes with how it was read. */
  readonly readAs: string
}

/** A part of the meaning by the name of its setting. */
export type ListMeaning = Readonly<Record<string, unknown>>

type Listed = Pick<ListSettings, 'list' | 'response' | 'foldCase' | 'usedBy'>

/** Stands for what of the upstream decides about its answers. */
const SERVICE = 'the endpoints, host or identity of the upstream'

/** @param service What of the upstream decides about its answers. */
export function listMeaning({ list, response, foldCase }: Listed, service: unknown): ListMeaning {
  const { path, format, items, key, value, next } = list
  return {
    [SERVICE]: service,
    'replica.path': path,
    'replica.format': format,
    'replica.items': items,
    'replica.key': key,
    'replica.value': value,
    'replica.next': next,
    'response.format': response.format,
    'response.separator': response.separator,
    'response.maxValues': response.maxValues,
    'response.idn': response.idn,
    'response.missing': response.missing,
    foldCase,
  }
}

export function copyMarks(meaning: ListMeaning, { list, usedBy }: Listed): CopyMarks {
  const { changes, cursor, deleted } = list
  const ofChanges = changes === undefined ? [] : [changes, cursor, deleted]
  return { fingerprint: hashOf(meaning), readAs: hashOf([usesOf(usedBy), ...ofChanges]) }
}

/** The parts that differ, by the names of their settings. */
export function changedParts(before: ListMeaning, after: ListMeaning): readonly string[] {
  return Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

function hashOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
