/**
 * Sendmail asks us over its own socket map: Debian's binary, unpacked from its package and not installed, in address test mode.
 *
 *   status 0 found, 68 EX_NOHOST no match, 75 EX_TEMPFAIL: with -T<TMPF> a rule sees it, and the mail waits
 *
 * Source: sendmail/map.c (socket_map_lookup), cf/README ("socket" map), sysexits.h.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeEach, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import { startHttpService } from '../../support/http/http-service.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

/** Where `.ci/run` unpacks Sendmail and the libraries that Debian does not have without it. */
const UNPACKED = process.env.SENDMAIL_ROOT ?? '/var/tmp/mapgate-sendmail'
const SENDMAIL = join(UNPACKED, 'usr/libexec/sendmail/sendmail')
const LIBRARIES = join(
  UNPACKED,
  'usr/lib',
  process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu',
)

/** Longest run, ms. Ours: it takes a second; without a host name of its own Sendmail waits for a minute. */
const TIMEOUT_MS = 30_000

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: Sendmail gets a host name of its own by unshare(1)'
  return existsSync(SENDMAIL) ? undefined : 'needs Sendmail unpacked, see .ci/run'
}

beforeEach((context) => {
  const reason = missing()
  if (reason === undefined) return
  if (process.env.CI === 'true') throw new Error(reason)
  context.skip(reason)
})

/** The configuration of docs/sendmail.md, as `m4` makes it, with nothing else in it. */
function configuration(folder: string, port: number): string {
  mkdirSync(join(folder, 'queue'))
  const map = (name: string, at = port) => `K${name} socket -T<TMPF> inet:${at}@127.0.0.1`
  const ruleset = (name: string) => `Sask${name}\nR$+\t$: $(${name} $1 $: NONE $)`
  return [
    'V10/Berkeley',
    ...['aliases', 'failing', 'nosuch'].map((name) => map(name)),
    map('away', 1),
    `O QueueDirectory=${join(folder, 'queue')}`,
    'Mlocal, P=/bin/true, F=lsDFMAw5:/|@qPSXfmnz9, S=0, R=0, A=true',
    'Mprog, P=/bin/sh, F=lsDFMoqeu9, S=0, R=0, A=sh -c $u',
    ...['aliases', 'failing', 'nosuch', 'away'].map(ruleset),
    '',
  ].join('\n')
}

/** What Sendmail prints about these lines, typed in address test mode. */
async function typed(configFile: string, lines: readonly string[]): Promise<string[]> {
  const child = spawn(
    'unshare',
    ['--uts', 'sh', '-c', 'hostname mail.lighthouse.example; exec "$0" -C "$1" -bt', SENDMAIL, configFile],
    {
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LD_LIBRARY_PATH: LIBRARIES },
    },
  )
  child.stdin.end(`${lines.join('\n')}\n`)
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  expect([status, stderr]).toEqual([0, ''])
  return stdout
    .split('\n')
    .map((line) => line.replace(/^> /, '').replace(/ +/g, ' ').trimEnd())
    .filter((line) => /^map_lookup|returns:/.test(line))
}

test('Sendmail reads found, not found, a wrong table and try later as they are meant', async (t) => {
  const service = await startHttpService(t)
  service.otherwise = () => ({ status: 503 })
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0", client: sendmail }]
upstreams:
  fixed: { entries: { sales@lighthouse.example: [ann@lighthouse.example, bob@lighthouse.example] } }
  directory: { endpoints: ["${service.origin}"], attempts: 1 }
tables:
  aliases: { upstream: fixed }
  failing: { upstream: directory, request: { path: "/{key}" } }
`,
  )
  const folder = testDirectory()
  const file = join(folder, 'sendmail.cf')
  writeFileSync(file, configuration(folder, gateway.address('socketmap').port))
  expect(
    await typed(file, [
      '/map aliases sales@lighthouse.example',
      '/map aliases nobody@lighthouse.example',
      '/map nosuch sales@lighthouse.example',
      '/map failing sales@lighthouse.example',
      '/map away sales@lighthouse.example',
      'askaliases sales@lighthouse.example',
      'askaliases nobody@lighthouse.example',
      'asknosuch ann',
      'askfailing ann',
      'askaway ann',
    ]),
  ).toEqual([
    'map_lookup: aliases (sales@lighthouse.example) returns ann@lighthouse.example, bob@lighthouse.example (0)',
    'map_lookup: aliases (nobody@lighthouse.example) no match (68)',
    // For Postfix it is PERM, which is 69 here, and no match in a rule.
    'map_lookup: nosuch (sales@lighthouse.example) no match (75)',
    'map_lookup: failing (sales@lighthouse.example) no match (75)',
    'map_lookup: away (sales@lighthouse.example) no match (75)',
    'askaliases returns: ann @ lighthouse . example , bob @ lighthouse . example',
    'askaliases returns: NONE',
    'asknosuch returns: ann < TMPF >',
    'askfailing returns: ann < TMPF >',
    'askaway returns: ann < TMPF >',
  ])
})
