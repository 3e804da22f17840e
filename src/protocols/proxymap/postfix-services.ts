/**
 * The two services by which Postfix reaches proxymap(8), as main.cf names them: `proxymap_service_name` for tables that it
 * reads, `proxywrite_service_name` for those that it writes, whether it looks them up or changes them.
 *
 * Each of Postfix's own two servers refuses the tables of the other with DENY, which ends the asking daemon.
 * Source: proxymap(8); postconf(5); Postfix `src/global/dict_proxy.c` (dict_proxy_open)
 */
import type { NamedTable, PassTarget, PostfixParameter, PostfixReference } from '../protocol.ts'
import { NAME, type ProxymapSettings, TABLE_TYPE } from './conversation.ts'

/** Postfix's own servers, where they usually are. */
export const STOCK = 'unix:/var/spool/postfix/private/proxymap'
export const STOCK_WRITE = 'unix:/var/spool/postfix/private/proxywrite'

/** Below queue_directory, where docs/chroot.md lets systemd hold the sockets. */
const USUAL_PATH = 'mapgate/proxymap'
const USUAL_WRITE_PATH = 'mapgate/proxywrite'

/** A socket in a folder of some other queue_directory, as of a second instance of Postfix. */
const OTHER_QUEUE = /^(\/.+)\/([^/]+\/[^/]+)$/

/** Which of Postfix's servers the tables of others are passed on to, by the name of its service in master.cf. */
export function passesTo(pass: PassTarget | undefined): 'reading' | 'writing' | undefined {
  const path = pass?.address.kind === 'unix' ? pass.address.path : ''
  if (path.endsWith('/proxymap')) return 'reading'
  return path.endsWith('/proxywrite') ? 'writing' : undefined
}

/** The server for tables that are written, of the same Postfix as one that only reads. */
export function writeServerBeside(pass: PassTarget | undefined): string {
  const path = pass?.address.kind === 'unix' ? pass.address.path : ''
  return `unix:${path.replace(/proxymap$/, 'proxywrite')}`
}

/**
 * @param socketPath Relative to queue_directory, or the whole path where that is another one than the usual; undefined
 * for a socket of systemd.
 * @returns Undefined where Postfix would ask in vain: a table that it writes must be in `write`.
 */
export function referenceAt(
  { name, isWritten }: NamedTable,
  socketPath: string | undefined,
  settings: ProxymapSettings,
): PostfixReference | undefined {
  const { pass, write } = settings
  const isWriteListener = passesTo(pass) === 'writing'
  if (isWritten ? !write.includes(name) : isWriteListener) return undefined
  const path = socketPath ?? (isWriteListener ? USUAL_WRITE_PATH : USUAL_PATH)
  // The name of a service begins in `private`, below queue_directory.
  const [, queueDirectory, below = path] = OTHER_QUEUE.exec(path) ?? []
  const elsewhere =
    queueDirectory === undefined ? [] : [`# queue_directory of this Postfix must be ${queueDirectory}`]
  const comments = isWritten ? writeComments(pass) : readComments(pass)
  const parameter: PostfixParameter = {
    name: isWritten ? 'proxywrite_service_name' : 'proxymap_service_name',
    value: `../${below}`,
    comments: [...elsewhere, ...comments],
  }
  return {
    kind: 'table',
    text: `proxy:${TABLE_TYPE}${name}`,
    server: `${NAME}:unix:${path}:${name}`,
    parameters: [parameter],
  }
}

function readComments(pass: PassTarget | undefined): readonly string[] {
  const foreign = [
    '# All proxy: tables of Postfix are asked here now. local_recipient_maps has one by default',
    '# (proxy:unix:passwd.byname), which fails, and mail for local users waits. Give the listener',
    `# pass: "${STOCK}"`,
    '# or, where no mail is for local users, write:',
    '# local_recipient_maps =',
  ]
  return [
    ...(pass === undefined ? foreign : []),
    '# local(8) and virtual(8) do not ask for their own maps here, and mail for them waits: deliver by lmtp:',
  ]
}

/** What becomes of `proxy:btree:FILE` and others that Postfix writes. */
function writeComments(pass: PassTarget | undefined): readonly string[] {
  if (passesTo(pass) === 'writing') return []
  const fate = pass === undefined ? 'fails' : 'may be refused, which ends the daemon'
  return [
    '# All proxy: tables that Postfix writes are asked here now; one that is not in "write", such as',
    `# proxy:btree:FILE, ${fate}. Give the tables of "write" a listener of their own with`,
    `# pass: "${pass === undefined ? STOCK_WRITE : writeServerBeside(pass)}"`,
  ]
}
