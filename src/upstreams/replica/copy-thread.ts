/**
 * The thread that copies one list: run by run-copy.ts, and ended by it.
 */
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { CopyJob } from './copy-job.ts'
import { fillCopy } from './fill-copy.ts'
import type { ListProgress } from './list-progress.ts'
import { ReplicaFile } from './replica-file.ts'

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
parentPort?.once('message', () => stop.abort())
const file = ReplicaFile.open(job.folder)
const telling = setInterval(() => parentPort?.postMessage({ progress }), TELL_EVERY_MS)
const outcome = await fillCopy(job, file, progress, stop.signal)
clearInterval(telling)
await file.flushed()
await file.close()
parentPort?.postMessage({ outcome, progress })
parentPort?.close()
