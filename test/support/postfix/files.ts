/**
 * The files of a private Postfix instance: main.cf, master.cf and the queue directories, in one
 * temporary directory, owned as `postfix check` wants them.
 *
 * Every file that Postfix reads is made to look old: it reads one that changed within the last
 * seconds again and again until it is old enough, which would cost two seconds per process.
 */
import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Cleanup } from '../http/http-service.ts'

const run = promisify(execFile)

/** main.cf parameters by name. */
export type MainCf = Readonly<Record<string, string>>

/** Where the files of one instance are. */
export interface PostfixFiles {
  /** For files of the test's own, such as tables; readable for Postfix's user. */
  readonly directory: string
  /** For `-c`. */
  readonly configDirectory: string
  /** Working directory of the daemons: relative socket paths begin here. */
  readonly queueDirectory: string
  readonly logFile: string
}

/** How old a file is made to look, ms. Ours: more than the two seconds that Postfix waits. */
const AGE_MS = 60_000

/** Source: Postfix `conf/postfix-files`: name, mode, and whether the group is postdrop. */
const QUEUE_DIRECTORIES: readonly [name: string, mode: number, postdrop: boolean][] = [
  ['active', 0o700, false],
  ['bounce', 0o700, false],
  ['corrupt', 0o700, false],
  ['defer', 0o700, false],
  ['deferred', 0o700, false],
  ['flush', 0o700, false],
  ['hold', 0o700, false],
  ['incoming', 0o700, false],
  ['private', 0o700, false],
  ['saved', 0o700, false],
  ['trace', 0o700, false],
  ['maildrop', 0o730, true],
  ['public', 0o710, true],
]

/**
 * One line per service that is needed to take mail in by SMTP and deliver it by LMTP.
 *
 * Every SMTP session gets a process of its own: smtpd(8) remembers what became of an address,
 * failures too, for as long as it lives, and one test would see what another has caused.
 *
 * @param chroot As Debian has it, for every daemon that it has in a chroot.
 */
function masterCf(smtpPort: number, chroot: 'y' | 'n', services: readonly string[]): string {
  const c = chroot
  return `127.0.0.1:${smtpPort} inet n - ${c} - - smtpd -o max_use=1
cleanup unix n - ${c} - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - ${c} - - trivial-rewrite
bounce unix - - ${c} - 0 bounce
defer unix - - ${c} - 0 bounce
trace unix - - ${c} - 0 bounce
flush unix n - ${c} 1000? 0 flush
smtp unix - - ${c} - - smtp
relay unix - - ${c} - - smtp
lmtp unix - - ${c} - - lmtp
error unix - - ${c} - - error
retry unix - - ${c} - - error
discard unix - - ${c} - - discard
showq unix n - ${c} - - showq
anvil unix - - ${c} - 1 anvil
scache unix - - ${c} - 1 scache
postlog unix-dgram n - n - 1 postlogd
${services.map((line) => `${line}\n`).join('')}`
}

/** What a private instance needs and no test wants to think of. */
function commonMainCf(files: PostfixFiles): MainCf {
  return {
    compatibility_level: '3.6',
    command_directory: '/usr/sbin',
    daemon_directory: '/usr/lib/postfix/sbin',
    queue_directory: files.queueDirectory,
    data_directory: join(files.directory, 'data'),
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: files.logFile,
    maillog_file_prefixes: files.directory,
    inet_interfaces: 'loopback-only',
    inet_protocols: 'ipv4',
    myhostname: 'mx.postfix.example',
    mynetworks: '127.0.0.0/8',
    mydestination: '',
    alias_maps: '',
    local_recipient_maps: '',
    // Else Postfix looks every domain up in virtual_alias_maps, too.
    virtual_alias_domains: '',
    disable_dns_lookups: 'yes',
    smtp_host_lookup: 'native',
    smtpd_peername_lookup: 'no',
    // Mail that was deferred is tried again within a second or two.
    queue_run_delay: '1s',
    minimal_backoff_time: '1s',
    maximal_backoff_time: '2s',
    transport_retry_time: '1s',
    in_flow_delay: '0s',
    // A test asks for hundreds of recipients that do not exist.
    smtpd_error_sleep_time: '0s',
    smtpd_soft_error_limit: '10000',
    smtpd_hard_error_limit: '20000',
    smtpd_recipient_limit: '5000',
    smtpd_recipient_overshoot_limit: '5000',
  }
}

/** Makes the directory, with a main.cf and without a master.cf: enough for postmap. */
export async function writePostfixFiles(cleanup: Cleanup, mainCf: MainCf = {}): Promise<PostfixFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'mapgate-postfix-'))
  cleanup.onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const files: PostfixFiles = {
    directory,
    configDirectory: join(directory, 'etc'),
    queueDirectory: join(directory, 'queue'),
    logFile: join(directory, 'mail.log'),
  }
  await chmod(directory, 0o755)
  await mkdir(files.configDirectory)
  await mkdir(files.queueDirectory)
  await writeMainCf(files, mainCf)
  return files
}

/** Writes main.cf anew. */
export async function writeMainCf(files: PostfixFiles, mainCf: MainCf): Promise<void> {
  const lines = Object.entries({ ...commonMainCf(files), ...mainCf })
  await writeOldFile(
    join(files.configDirectory, 'main.cf'),
    lines.map(([name, value]) => `${name} = ${value}\n`).join(''),
  )
}

/** Adds what the daemons need besides main.cf. */
export async function writeDaemonFiles(
  files: PostfixFiles,
  smtpPort: number,
  chroot: boolean,
  services: readonly string[] = [],
): Promise<void> {
  await writeOldFile(
    join(files.configDirectory, 'master.cf'),
    masterCf(smtpPort, chroot ? 'y' : 'n', services),
  )
  const [user, postdrop] = await Promise.all([userId('postfix'), groupId('postdrop')])
  await mkdir(join(files.directory, 'data'), { recursive: true })
  await chown(join(files.directory, 'data'), user, 0)
  await mkdir(join(files.queueDirectory, 'pid'), { recursive: true })
  for (const [name, mode, toPostdrop] of QUEUE_DIRECTORIES) {
    const path = join(files.queueDirectory, name)
    await mkdir(path, { recursive: true })
    await chown(path, user, toPostdrop ? postdrop : 0)
    await chmod(path, mode)
  }
}

/** Writes a file that Postfix reads at once: main.cf, a texthash: table. */
export async function writeOldFile(path: string, text: string): Promise<void> {
  await writeFile(path, text)
  const time = new Date(Date.now() - AGE_MS)
  await utimes(path, time, time)
}

async function userId(name: string): Promise<number> {
  return Number((await run('id', ['-u', name])).stdout)
}

async function groupId(name: string): Promise<number> {
  return Number((await run('getent', ['group', name])).stdout.split(':')[2])
}
