/**
 * Sockets that systemd opened before the program and passes on, so that a restart refuses nobody.
 *
 *   LISTEN_PID      for which process they are
 *   LISTEN_FDS      how many, from descriptor 3 on
 *   LISTEN_FDNAMES  their names, separated by colons (FileDescriptorName= in the socket unit); several
 *                   may have the same
 *
 * Source: sd_listen_fds(3), systemd.socket(5).
 */
import { ListenError } from './listen-error.ts'

/** First passed descriptor. Source: sd-daemon.h, SD_LISTEN_FDS_START. */
const FIRST_FD = 3

/** Most descriptors that are looked at. Ours: a socket unit has a handful; the number comes from the environment. */
const MAX_FDS = 1024

/** What a descriptor without a name is called. Source: sd_listen_fds(3). */
const NAMELESS = 'unknown'

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
 * Finds the descriptors of the passed sockets of a name: several `ListenStream=` lines of a socket unit
 * have the same one.
 *
 * @throws ListenError that says what was passed instead.
 */
export function passedSockets(name: string, passed: PassedSockets): readonly number[] {
  const names = passedNames(passed)
  if (names.length === 0) {
    throw new ListenError(
      'systemd passed no sockets to this process; start it by its socket unit (systemctl start mapgate.socket)',
    )
  }
  const found = names.flatMap((passedName, index) => (passedName === name ? [FIRST_FD + index] : []))
  if (found.length > 0) return found
  throw new ListenError(
    `systemd passed no socket named "${name}" but ${shown(names)}; set FileDescriptorName=${name} in the socket unit`,
  )
}

/**
 * Refuses a configuration in which nobody serves a socket that systemd has opened: clients would be
 * connected by the kernel and never be answered.
 *
 * @param served Names that the configuration listens on.
 * @throws ListenError that names the socket and what to do.
 */
export function requireServed(served: ReadonlySet<string>, passed: PassedSockets): void {
  const missing = passedNames(passed).find((name) => !served.has(name))
  if (missing === undefined) return
  throw new ListenError(
    `systemd opened a socket named "${missing}" that nothing here serves, so its clients would wait for ever; add a listener with listen: "systemd:${missing}", or remove the socket from its unit and restart both`,
  )
}

/** The name of each passed descriptor, in their order. */
function passedNames({ environment, pid }: PassedSockets): readonly string[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = environment
  const count = Number(LISTEN_FDS)
  if (Number(LISTEN_PID) !== pid || !Number.isInteger(count) || count < 1) return []
  const names = LISTEN_FDNAMES === undefined ? [] : LISTEN_FDNAMES.split(':')
  return Array.from({ length: Math.min(count, MAX_FDS) }, (_, index) => names[index] || NAMELESS)
}

function shown(names: readonly string[]): string {
  if (names.every((name) => name === NAMELESS)) {
    return names.length === 1 ? 'one without a name' : `${names.length} without names`
  }
  return names.map((name) => `"${name}"`).join(', ')
}
