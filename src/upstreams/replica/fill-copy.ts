/**
 * Brings a replica up to date: takes the service's changes over, or fills the free slot with its list. Runs in a
 * thread of its own, so that no lookup waits for it; everything here may block that thread.
 *
 *   changes   asked for where there is a cursor; taken over in one transaction with the next cursor
 *   list      asked for where there is none, and where the changes cannot be used
 */
import { messageOf } from '../../core/system/error-code.ts'
import type { Authorize } from '../http-client/oauth/access-tokens.ts'
import type { EndpointSettings } from '../http-client/settings.ts'
import type { CopyJob, CopyOutcome, FailedOutcome, WholeOutcome } from './copy-job.ts'
import { canaryOf, Filling, MAX_NAMED } from './filling.ts'
import { ListError } from './list-error.ts'
import type { ListProgress } from './list-progress.ts'
import { readChanges, readList } from './read-list.ts'
import { REPLICA_REASONS } from './reasons.ts'
import { type ReplicaFile, ReplicaUnavailable } from './replica-file.ts'
import { isWholeDue } from './schedule.ts'

/** Brings the copy up to date. Does not reject. */
export async function fillCopy(
  job: CopyJob,
  file: ReplicaFile,
  progress: ListProgress,
  stop: AbortSignal,
  authorize: Authorize,
): Promise<CopyOutcome> {
  const limit = AbortSignal.timeout(job.settings.list.timeoutMs)
  const bounds = { stop, limit, signal: AbortSignal.any([stop, limit]), authorize }
  const { cursor } = job
  if (cursor !== undefined) {
    const outcome = await atSomeEndpoint(job, bounds, (endpoint) =>
      takeChanges({ ...job, cursor }, file, endpoint, progress, bounds),
    )
    if (outcome.kind !== 'failed' || outcome.cause !== 'unreadable') return outcome
    // Not even "unchanged" would help: the copy needs another cursor.
    const whole = await fillWhole({ ...job, validators: undefined }, file, progress, bounds)
    return { ...whole, noChanges: outcome.reason }
  }
  return fillWhole(job, file, progress, bounds)
}

interface Bounds {
  readonly stop: AbortSignal
  readonly limit: AbortSignal
  /** Either of them. */
  readonly signal: AbortSignal
  readonly authorize: Authorize
}

const ANOTHER_MAY_HELP: ReadonlySet<string> = new Set(['connect', 'timeout', 'status', 'refused'])

/** Goes from endpoint to endpoint where another one may help. */
async function atSomeEndpoint<Outcome>(
  { settings: { upstream, list } }: CopyJob,
  { stop, limit }: Bounds,
  attempt: (endpoint: EndpointSettings) => Promise<Outcome>,
): Promise<Outcome | FailedOutcome> {
  let failed = stopped()
  for (const endpoint of upstream.endpoints) {
    try {
      return await attempt(endpoint)
    } catch (error) {
      if (stop.aborted) return stopped()
      if (limit.aborted) return failure(new ListError(REPLICA_REASONS.listTooSlow, list.timeoutMs / 1000))
      failed = failure(error)
      // Another endpoint has the same list: what is wrong with this one is asked of no other.
      if (!(error instanceof ListError) || !ANOTHER_MAY_HELP.has(error.reasonCause)) return failed
    }
  }
  return failed
}

function fillWhole(
  job: CopyJob,
  file: ReplicaFile,
  progress: ListProgress,
  bounds: Bounds,
): Promise<WholeOutcome> {
  const { validators, settings } = job
  return atSomeEndpoint<WholeOutcome>(job, bounds, async (endpoint) => {
    beginCounting(progress)
    file.forgetPushes()
    const filling = new Filling(job, file)
    const { signal, authorize } = bounds
    const options = { validators, signal, authorize, progress }
    const end = await readList(settings, endpoint, options, (entries) => filling.add(entries))
    if (end === 'unchanged') return { kind: 'unchanged' }
    filling.flush()
    // What changes while later pages are read must be among the changes that are asked for next.
    const { validators: found, firstCursor: cursor } = end
    const filled = { kind: 'filled', ...filling.result(), bytes: progress.bytes, validators: found } as const
    return settings.list.changes === undefined || cursor !== undefined
      ? { ...filled, cursor }
      : { ...filled, cursor, noChanges: new ListError(REPLICA_REASONS.listWithoutCursor).message }
  })
}

async function takeChanges(
  job: CopyJob & { readonly cursor: string },
  file: ReplicaFile,
  endpoint: EndpointSettings,
  progress: ListProgress,
  { signal, authorize }: Bounds,
): Promise<CopyOutcome> {
  beginCounting(progress)
  file.forgetPushes()
  const { settings, cursor, askedAtMs } = job
  const changes = await readChanges(settings, endpoint, cursor, { signal, authorize, progress })
  const canary = canaryOf(job)
  if (canary !== undefined && changes.keys.has(canary) && changes.keys.get(canary) === undefined)
    throw new ListError(REPLICA_REASONS.canaryDeleted)
  const plan = file.applyChanges(cursor, changes, { askedAtMs, maxShrink: settings.list.maxShrink })
  if (plan.kind === 'shrunk') {
    // The list that was read for the same changes waits for a word; it would say the same.
    const heldAtMs = file.state()?.held?.listedAtMs
    const isDue = isWholeDue(settings.list.wholeEveryMs, heldAtMs, askedAtMs)
    throw new ListError(isDue ? REPLICA_REASONS.shrunkByChanges : REPLICA_REASONS.shrunkAndHeld, plan.lost)
  }
  const { set, gone, unlisted } = plan
  const keys =
    set.length + gone.length + unlisted.length > MAX_NAMED
      ? undefined
      : [...[...set, ...gone].map(([key]) => key), ...unlisted]
  return { kind: 'changed', set: set.length, gone: gone.length, keys }
}

function beginCounting(progress: ListProgress): void {
  progress.entries = 0
  progress.bytes = 0
}

function stopped(): FailedOutcome {
  return failure(new ListError(REPLICA_REASONS.copyStopped))
}

function failure(error: unknown): FailedOutcome {
  if (error instanceof ListError) return { kind: 'failed', cause: error.reasonCause, reason: error.message }
  if (error instanceof ReplicaUnavailable) return failure(new ListError(REPLICA_REASONS.changedMeanwhile))
  const message = messageOf(error)
  if (isOfDisk(error)) return failure(new ListError(REPLICA_REASONS.diskFailed, message))
  const defect = error instanceof Error ? (error.stack ?? message) : message
  return { kind: 'failed', cause: 'defect', reason: 'internal error: see the log of mapgate', defect }
}

/** Returns whether LMDB or the system refused to write: `MDB_MAP_FULL`, ENOSPC, EIO, EROFS, EDQUOT, EFBIG. */
function isOfDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    /MDB_|No space left|Input\/output error|Read-only file system|quota|Permission denied|File too large/i.test(
      error.message,
    ) ||
    ('code' in error && /^(?:ENOSPC|EIO|EROFS|EDQUOT|EACCES|EFBIG|28|5|30|27|122)$/.test(String(error.code)))
  )
}
