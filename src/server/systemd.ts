/**
 * Sockets that systemd opened before the program and passes on, so that a restart refuses nobody.
 *
 *   LISTEN_PID      for which process they are
 *   LISTEN_FDS      how many, from descriptor 3 on
 *   LISTEN_FDNAMES  their names, separated by colons (FileDescriptorName= in the socket unit)
 *
 * Source: sd_listen_fds(3), systemd.socket(5).
 */
import { ListenError } from './listen-error.ts'

/** First passed descriptor. Source: sd-daemon.h, SD_LISTEN_FDS_START. */
const FIRST_FD = 3

/** What the program was started with. */
export interface PassedSockets {
  readonly environment: {
    readonly LISTEN_PID?: string | undefined
    readonly LISTEN_FDS?: string | undefined
    readonly LISTEN_FDNAMES?: string | undefined
  }
  readonly pid: number
}

/**
 * Finds the descriptor of a passed socket by its name.
 *
 * @throws ListenError that says what was passed instead.
 */
export function passedSocket(name: string, { environment, pid }: PassedSockets): number {
  const count = Number(environment.LISTEN_FDS ?? 0)
  if (Number(environment.LISTEN_PID) !== pid || !(count > 0)) {
    throw new ListenError(
      'systemd passed no sockets to this process; start it by its socket unit (systemctl start mapgate.socket)',
    )
  }
  const names = (environment.LISTEN_FDNAMES ?? '').split(':').slice(0, count)
  const index = names.indexOf(name)
  if (index === -1) {
    throw new ListenError(
      `systemd passed no socket named "${name}" but ${names.join(', ')}; set FileDescriptorName=${name} in the socket unit`,
    )
  }
  return FIRST_FD + index
}
