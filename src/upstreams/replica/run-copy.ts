/**
 * Runs one copying in a thread of its own, whose memory goes with it.
 *
 * The sources run as they are in tests, where no thread can load them: there the copying runs in this one.
 */
import { Worker } from 'node:worker_threads'
import type { Authorize } from '../http-client/oauth/access-tokens.ts'
import type { CopyJob, CopyOutcome } from './copy-job.ts'
import { ListError } from './list-error.ts'
import type { ListProgress } from './list-progress.ts'
import type { ReplicaFile } from './replica-file.ts'

/** How long the thread has to end by itself, ms. Ours: a transaction of some thousand entries takes less. */
const STOP_MS = 5000

export type RunCopy = (
  job: CopyJob,
  file: ReplicaFile,
  onProgress: (progress: ListProgress) => void,
  signal: AbortSignal,
  authorize: Authorize,
) => Promise<CopyOutcome>

const copy: RunCopy = import.meta.url.endsWith('.ts') ? copyHere : copyInThread

/** Does not reject. */
export const runCopy: RunCopy = async (job, file, ...more) => {
  try {
    await file.requireKept()
  } catch (error) {
    if (error instanceof ListError) return { kind: 'failed', cause: error.reasonCause, reason: error.message }
    throw error
  }
  return copy(job, file, ...more)
}

/** Does not reject. */
async function copyHere(
  job: CopyJob,
  file: ReplicaFile,
  onProgress: (progress: ListProgress) => void,
  signal: AbortSignal,
  authorize: Authorize,
): Promise<CopyOutcome> {
  const progress: ListProgress = { entries: 0, bytes: 0, expectedBytes: undefined }
  onProgress(progress)
  // Its parsers would make every start slower.
  const { fillCopy } = await import('./fill-copy.ts')
  return fillCopy(job, file, progress, signal, authorize)
}

/** What the thread says: how far it is, what came of it, or that it needs an access token, which it gets as a message. */
export type ThreadMessage =
  | { readonly progress: ListProgress; readonly outcome?: CopyOutcome }
  | { readonly authorize: true; readonly refused: string | undefined }

/** Does not reject. */
function copyInThread(
  job: CopyJob,
  _file: ReplicaFile,
  onProgress: (progress: ListProgress) => void,
  signal: AbortSignal,
  authorize: Authorize,
): Promise<CopyOutcome> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(STOPPED)
      return
    }
    const thread = new Worker(new URL('./copy-thread.js', import.meta.url), {
      workerData: job,
      // Those of the main thread may not fit a thread.
      execArgv: [],
    })
    let outcome: CopyOutcome | undefined
    let timer: NodeJS.Timeout | undefined
    const stop = (): void => {
      thread.postMessage('stop')
      timer = setTimeout(() => thread.terminate(), STOP_MS)
      timer.unref()
    }
    signal.addEventListener('abort', stop, { once: true })
    thread.unref()
    thread.on('message', (message: ThreadMessage) => {
      if ('authorize' in message) {
        void authorize(message.refused).then((result) => thread.postMessage({ result }))
        return
      }
      outcome = message.outcome
      onProgress(message.progress)
    })
    thread.on('error', (error: Error) => {
      outcome = {
        kind: 'failed',
        cause: 'defect',
        reason: DEFECT_REASON,
        defect: error.stack ?? error.message,
      }
    })
    thread.on('exit', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      resolve(outcome ?? STOPPED)
    })
  })
}

const STOPPED: CopyOutcome = { kind: 'failed', cause: 'stopping', reason: 'copying was stopped' }

const DEFECT_REASON = 'internal error: see the log of mapgate'
