/**
 * The thread that copies one list: run by run-copy.ts, and ended by it.
 */
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { Authorize, TokenResult } from '../http-client/oauth/access-tokens.ts'
import type { CopyJob } from './copy-job.ts'
import { fillCopy } from './fill-copy.ts'
import type { ListProgress } from './list-progress.ts'
import { ReplicaFile } from './replica-file.ts'
import type { ThreadMessage } from './run-copy.ts'

/** How often the progress is told, ms. */
const TELL_EVERY_MS = 250

// Of this thread alone (setpriority(2), "C library/kernel differences"): lookups come first where processors are few.
try {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
} catch {
  // Forbidden by the filter for system calls of our own unit (`~@resources`): the list is read all the same.
}

const job = workerData as CopyJob
const progress: ListProgress = { entries: 0, bytes: 0, expectedBytes: undefined }
const stop = new AbortController()
/** Whoever waits for an access token: one page at a time is asked for. */
let onToken: (result: TokenResult | undefined) => void = () => {}
parentPort?.on('message', (message: 'stop' | { readonly result: TokenResult | undefined }) => {
  if (message === 'stop') stop.abort()
  else onToken(message.result)
})
const authorize: Authorize = (refused) =>
  new Promise((resolve) => {
    onToken = resolve
    const message: ThreadMessage = { authorize: true, refused }
    parentPort?.postMessage(message)
  })
const file = ReplicaFile.open(job.folder)
const telling = setInterval(() => parentPort?.postMessage({ progress }), TELL_EVERY_MS)
const outcome = await fillCopy(job, file, progress, stop.signal, authorize)
clearInterval(telling)
await file.flushed()
await file.close()
parentPort?.postMessage({ outcome, progress })
parentPort?.close()
