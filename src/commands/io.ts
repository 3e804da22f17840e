/**
 * What a command sees of the world around it. The command line builds one from the
 * process; a test builds one that collects the text.
 */

import type { ThisUser } from '../config/this-user.ts'

/** Takes text. `process.stdout` and `process.stderr` are such writers. */
interface TextWriter {
  /** Set where it is a terminal: lines may be written over. */
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

/** The surroundings of one command. */
export interface CommandIo {
  readonly stdout: TextWriter
  readonly stderr: TextWriter
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder that relative paths on the command line start from. */
  readonly cwd: string
  /** Folder of the configuration that a package installs. Default `/etc/mapgate`. */
  readonly configFolder?: string
  /** Folder of the credentials that systemd gave to the running service. Default `/run/credentials/mapgate.service`. */
  readonly unitCredentials?: string
  /** The user of the systemd unit. Default by the accounts of this machine, where root asks. */
  readonly unitUser?: () => Promise<ThisUser | undefined>
}
