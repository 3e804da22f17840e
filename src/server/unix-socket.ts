/**
 * The file of a unix socket: made without ever being open to more than was asked, taken over
 * only from nobody, and removed only while it is ours.
 *
 * The socket is bound under a temporary name beside its own, closed to everybody else, given
 * its owner and mode, and then renamed. So it appears ready, replaces a stale file in one step,
 * and node, which removes the name that it bound, never removes somebody else's file.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { codeOf } from '../core/system/error-code.ts'
import { type FileAccess, setAccess } from './file-owner.ts'
import { ListenError } from './listen-error.ts'

/** Permission bits that others than the owner may have. */
const OWNER_BITS = 0o700
const ALL_BITS = 0o777

/** How long a server behind an existing file may take to accept, in ms. Ours: it is on this machine. */
const PROBE_TIMEOUT_MS = 1000

/** A socket file that we made. */
export class SocketFile {
  readonly path: string
  readonly #made: Stats

  constructor(path: string, made: Stats) {
    this.path = path
    this.#made = made
  }

  /** Gives the file another owner or mode. Connections stay. */
  setAccess(access: FileAccess): void {
    if (this.#isOurs()) setAccess(this.path, access)
  }

  /** Removes the file, unless another program has put its own there. */
  remove(): void {
    if (this.#isOurs()) unlinkSync(this.path)
  }

  #isOurs(): boolean {
    const now = lstatSync(this.path, { throwIfNoEntry: false })
    return now !== undefined && now.ino === this.#made.ino && now.dev === this.#made.dev
  }
}

/**
 * Makes a server listen on a unix socket.
 *
 * @param listen Binds to a path before it returns, and resolves when the server listens.
 * @throws ListenError when somebody answers there, or when the file is no socket.
 */
export async function listenOnUnixSocket(
  listen: (path: string) => Promise<void>,
  path: string,
  access: FileAccess,
): Promise<SocketFile> {
  await requireFree(path)
  const temporary = join(dirname(path), `.${randomBytes(4).toString('hex')}`)
  await underMask(access.mode, () => listen(temporary))
  try {
    setAccess(temporary, access)
    const made = lstatSync(temporary)
    renameSync(temporary, path)
    return new SocketFile(path, made)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  }
}

/** Binds with a file mode that has no bit more than the owner's of `mode`. */
function underMask(mode: number, bind: () => Promise<void>): Promise<void> {
  // The file is made within the call, so nothing else runs under this mask.
  const umask = process.umask(ALL_BITS & ~(mode & OWNER_BITS))
  try {
    return bind()
  } finally {
    process.umask(umask)
  }
}

/** Throws unless nothing is at `path`, or a socket that nobody answers at. */
async function requireFree(path: string): Promise<void> {
  // bind(2) would say so too, but libuv makes it a missing permission.
  if (!existsSync(dirname(path)))
    throw new ListenError(`the directory ${dirname(path)} does not exist; create it`)
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there === undefined) return
  if (!there.isSocket())
    throw new ListenError(`${path} exists and is not a socket; remove it or choose another path`)
  const outcome = await probe(path)
  if (outcome === 'ECONNREFUSED' || outcome === 'ENOENT') return
  if (outcome === '')
    throw new ListenError(`another program answers at ${path}; stop it or choose another path`)
  throw new ListenError(`${path} exists and cannot be tried (${outcome}); remove it when nobody uses it`)
}

/** Tries to connect: '' when somebody answers, else the system's name of the error. */
function probe(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const finish = (outcome: string) => {
      socket.destroy()
      resolve(outcome)
    }
    socket.once('connect', () => finish(''))
    socket.once('error', (error) => finish(codeOf(error)))
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish('ETIMEDOUT'))
  })
}
