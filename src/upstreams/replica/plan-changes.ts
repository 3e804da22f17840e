/**
 * What changes of the service do to the copy in use. Pure.
 *
 * A key that was pushed since they were asked for may be newer or older than they are: it stays as it is, and so does
 * the cursor, so that the next changes tell it again. Changes say how a key is now; telling them twice does no harm.
 */
import type { CopyRecord, KeyChange } from './copy-record.ts'
import type { Changes } from './read-list.ts'

interface CopyBefore {
  readonly current: CopyRecord
  readonly get: (key: string) => string | undefined
  /** Returns whether the key was pushed since the changes were asked for. */
  readonly isPushed: (key: string) => boolean
}

export type ChangesPlan =
  | {
      readonly kind: 'apply'
      /** Keys that are new or have another result. */
      readonly set: readonly KeyChange[]
      readonly gone: readonly KeyChange[]
      /** Keys that are deleted and that the copy lacks: a lookup may have found them since. */
      readonly unlisted: readonly string[]
      /** Of the copy when they are written. */
      readonly record: CopyRecord
    }
  /** So many keys would be gone since the last whole list that it has to be read. */
  | { readonly kind: 'shrunk'; readonly lost: number }

export function planChanges(
  { current, get, isPushed }: CopyBefore,
  { keys, cursor }: Changes,
  { askedAtMs, maxShrink }: { readonly askedAtMs: number; readonly maxShrink: number },
): ChangesPlan {
  const set: KeyChange[] = []
  const gone: KeyChange[] = []
  const unlisted: string[] = []
  let added = 0
  let isComplete = true
  for (const change of keys) {
    const [key, result] = change
    const before = get(key)
    if (before === result) {
      if (result === undefined && !isPushed(key)) unlisted.push(key)
    } else if (isPushed(key)) isComplete = false
    else if (result === undefined) gone.push(change)
    else {
      set.push(change)
      if (before === undefined) added++
    }
  }
  const lost = (current.removed ?? 0) + gone.length
  const entries = current.entries + added - gone.length
  if (gone.length > 0 && (entries === 0 || isShrunk(lost, current, maxShrink)))
    return { kind: 'shrunk', lost }
  const { validators, ...others } = current
  const hasChanged = set.length + gone.length > 0
  const record = {
    ...others,
    // The list that the service has now is another one: its validators must not confirm this copy.
    ...(validators && !hasChanged && { validators }),
    entries,
    copiedAtMs: askedAtMs,
    changedAtMs: hasChanged ? askedAtMs : current.changedAtMs,
    removed: lost,
    cursor: isComplete ? cursor : current.cursor,
  }
  return { kind: 'apply', set, gone, unlisted, record }
}

/**
 * Returns whether a copy would lose too much at once, or in pieces since its last whole list.
 *
 * @param lost Keys that it has, or had then, and that are gone.
 */
export function isShrunk(lost: number, { entries, removed = 0 }: CopyRecord, maxShrink: number): boolean {
  return lost > maxShrink * (entries + removed)
}
