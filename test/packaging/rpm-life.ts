/**
 * The life of the rpm on a real rpm: built, installed, run, upgraded over an edited configuration, removed.
 *
 * Debian has rpm(8), but no system that is made of rpms: a database of its own takes the place of the
 * machine's, and what the package requires is compared with a list instead. Its scripts are run.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  CONFIG,
  expectAnswersAndStops,
  expectFirstSetUp,
  expectUnitsVerified,
  installedUser,
  SHIPPED_CONFIG,
  STATE,
  TOKEN,
} from './installed.ts'
import { missingProgram, run, runOk, skipWithout } from './run.ts'

const hadUser = await installedUser()
const hadPackage = existsSync('/usr/lib/mapgate')
let folder = ''
let file = ''

function cannotRun(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: rpm installs a package'
  if (hadPackage) return 'needs a machine on which mapgate is not installed: the test removes it'
  const missing = missingProgram('rpm', 'rpmbuild', 'systemd-sysusers', 'setpriv')
  return missing && `needs rpm and systemd: ${missing} is missing`
}

/** With a database of its own, in which nothing is installed that the package requires. */
const rpm = (...args: string[]) => runOk('rpm', ['--dbpath', join(folder, 'db'), ...args])

const asks = (what: string, ...args: string[]) => runOk('rpm', ['-q', what, ...args, '-p', file])

describe('the rpm, from build to removal', () => {
  beforeAll(async () => {
    if (cannotRun() !== undefined) return
    folder = await mkdtemp(join(tmpdir(), 'mapgate-rpm-test-'))
    const built = ['packaging/rpm/build.mjs', '--out', folder, '--version', '1.2.0-rc.1']
    file = (await runOk('node', built)).trim()
  }, 120_000)

  afterAll(async () => {
    if (folder === '') return
    await run('rpm', ['--dbpath', join(folder, 'db'), '-e', 'mapgate'])
    if (!hadUser) await run('userdel', ['mapgate'])
    await rm('/etc/mapgate', { recursive: true, force: true })
    await rm(STATE, { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach((context) => skipWithout(context, cannotRun()))

  test('it has the name of a pre-release, which comes before the release', () => {
    expect(file).toMatch(/\/mapgate-1\.2\.0~rc\.1-1\.(x86_64|aarch64)\.rpm$/)
  })

  test('it requires nothing that Red Hat Enterprise Linux 8 does not have', async () => {
    const requires = (await asks('--requires')).trim().split('\n')
    expect(Array.from(new Set(requires))).toEqual([
      '/bin/sh',
      'coreutils',
      'glibc >= 2.28',
      'libgcc',
      'libstdc++ >= 6',
      'rpmlib(CompressedFileNames) <= 3.0.4-1',
      'rpmlib(FileDigests) <= 4.6.0-1',
      'rpmlib(PayloadFilesHavePrefix) <= 4.0-1',
      'rpmlib(PayloadIsZstd) <= 5.4.18-1',
      'rpmlib(TildeInVersions) <= 4.10.0-1',
      'systemd',
    ])
  })

  test('it names all licences, and folders of others are not its own', async () => {
    expect(await asks('--queryformat', '%{LICENSE}')).toMatch(/^MIT AND .*Apache-2\.0/)
    const paths = (await asks('--list')).trim().split('\n')
    expect(paths).toContain('/usr/lib/systemd/system/mapgate.service')
    const others = ['/lib', '/usr/lib', '/usr/lib/systemd', '/usr/lib/systemd/system', '/usr/bin', '/etc']
    expect(paths.filter((path) => others.includes(path) || path.startsWith('/lib/'))).toEqual([])
  })

  test('it installs, with a user, a valid configuration and a token of this machine', async () => {
    await rpm('-i', '--nodeps', file)
    await expectFirstSetUp()
    // What rpm itself finds changed: nothing.
    expect(await rpm('-V', '--nodeps', 'mapgate')).toBe('')
    await expectUnitsVerified('/usr/lib/systemd/system')
  })

  test('it answers a lookup, and stops with 0', expectAnswersAndStops)

  test('an upgrade keeps the edited configuration and the token, and leaves no file beside them', async () => {
    const [config, token] = [await readFile(CONFIG, 'utf8'), await readFile(TOKEN, 'utf8')]
    // The same one in its own place: for the scripts an upgrade like any other.
    await rpm('-U', '--nodeps', '--force', file)
    expect(await rpm('-q', 'mapgate', '--queryformat', '%{VERSION}')).toBe('1.2.0~rc.1')
    expect(await readFile(CONFIG, 'utf8')).toBe(config)
    expect(await readFile(TOKEN, 'utf8')).toBe(token)
    expect((await readdir('/etc/mapgate')).sort()).toEqual(['admin.token', 'mapgate.yaml', 'secrets'])
    expect(existsSync(SHIPPED_CONFIG)).toBe(true)
  })

  test('removing it leaves configuration and stored answers', async () => {
    await writeFile(join(STATE, 'cache'), 'stored answers')
    await rpm('-e', 'mapgate')
    expect(['/usr/lib/mapgate', '/usr/bin/mapgate', '/usr/share/mapgate'].filter(existsSync)).toEqual([])
    expect([CONFIG, TOKEN, join(STATE, 'cache')].filter((path) => !existsSync(path))).toEqual([])
  })
})
