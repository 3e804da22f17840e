/**
 * The life of the Debian package on a real dpkg: built twice with the same bytes, installed, run,
 * upgraded over an edited configuration, removed and purged.
 *
 * dpkg knows only one system, so this is the machine's own: the test refuses to run where the
 * package is already installed, and takes everything away at its end. Installing runs no service,
 * because no systemd runs in a container; the program is started as the unit would start it.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/programs/free-port.ts'
import {
  CONFIG,
  expectAnswersAndStops,
  expectFirstSetUp,
  expectUnitsVerified,
  installedUser,
  READY_TIMEOUT_MS,
  SHIPPED_CONFIG,
  STATE,
  stop,
  TOKEN,
} from './installed.ts'
import { missingProgram, ROOT, run, runOk, skipWithout } from './run.ts'

/** Leaves out fsync(2), which a test does not need: an installation in 1 s instead of 6 s. */
const UNSAFE_IO = '--force-unsafe-io'

const hadUser = await installedUser()
const hadPackage = existsSync('/var/lib/dpkg/info/mapgate.list')
let folder = ''
let first = ''
let second = ''
/** What is in it. */
let tree = ''
/** The same without the program: what an upgrade does to files of /etc is told by this, too. */
let small = ''
let older = ''
let upgrade = ''

function cannotRun(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root: dpkg installs a package'
  if (hadPackage) return 'needs a machine on which mapgate is not installed: the test removes it'
  const missing = missingProgram(
    'dpkg',
    'dpkg-deb',
    'systemd-sysusers',
    'systemd-analyze',
    'man',
    'setpriv',
    'deb-systemd-helper',
  )
  return missing && `needs Debian with systemd and man-db: ${missing} is missing`
}

/** Builds the package under surroundings of its own, which must not show in it. */
async function build(name: string, env: Record<string, string>): Promise<string> {
  const out = join(folder, name)
  const printed = await runOk(
    'sh',
    ['-c', `umask ${env.UMASK}; exec node packaging/debian/build.mjs --out "$0"`, out],
    {
      env: { ...env, SOURCE_DATE_EPOCH: '1767225600' },
    },
  )
  return printed.trim()
}

/** Another version: without the program, and with another default of the configuration. Not compressed: it is only for dpkg. */
async function otherVersion(version: string): Promise<string> {
  const control = join(small, 'DEBIAN/control')
  await writeFile(control, (await readFile(control, 'utf8')).replace(/^Version: .*$/m, `Version: ${version}`))
  const config = join(small, SHIPPED_CONFIG)
  await writeFile(config, `${await readFile(config, 'utf8')}# shipped by ${version}\n`)
  const file = join(folder, `${version}.deb`)
  await runOk('dpkg-deb', ['--root-owner-group', '-Znone', '--build', small, file])
  return file
}

/** One from the time when the configuration was a conffile. */
async function conffileVersion(): Promise<string> {
  await writeFile(join(small, CONFIG), await readFile(join(small, SHIPPED_CONFIG)))
  await writeFile(join(small, 'DEBIAN/conffiles'), `${CONFIG}\n`)
  const file = await otherVersion('0.0.1')
  await Promise.all([rm(join(small, CONFIG)), rm(join(small, 'DEBIAN/conffiles'))])
  return file
}

const packageState = async () =>
  (await run('dpkg-query', ['-W', '-f', `\${db:Status-Abbrev}\${Version}`, 'mapgate'])).stdout

describe('the Debian package, from build to purge', () => {
  beforeAll(async () => {
    if (cannotRun() !== undefined) return
    folder = await mkdtemp(join(tmpdir(), 'mapgate-deb-test-'))
    ;[first, second] = await Promise.all([
      build('first', { UMASK: '022', TZ: 'UTC', LC_ALL: 'C' }),
      build('second', { UMASK: '077', TZ: 'Pacific/Auckland', LC_ALL: 'C.UTF-8' }),
    ])
    tree = join(folder, 'tree')
    await runOk('dpkg-deb', ['-R', first, tree])
    small = join(folder, 'small')
    for (const part of [
      'DEBIAN',
      'etc',
      'lib',
      'usr/lib/mapgate/first-set-up',
      'usr/lib/sysusers.d',
      'usr/lib/tmpfiles.d',
      'usr/share/mapgate',
    ])
      await cp(join(tree, part), join(small, part), { recursive: true })
    older = await conffileVersion()
    upgrade = await otherVersion('999.0.0')
  }, 120_000)

  afterAll(async () => {
    if (folder === '') return
    await run('dpkg', ['--purge', 'mapgate'])
    if (!hadUser) await run('userdel', ['mapgate'])
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach((context) => skipWithout(context, cannotRun()))

  test('two builds of one commit have the same bytes', async () => {
    expect(Buffer.compare(await readFile(first), await readFile(second))).toBe(0)
  })

  test('it depends on nothing that is not in Debian 12', async () => {
    const depends = (await runOk('dpkg-deb', ['-f', first, 'Depends'])).trim().split(/, /)
    expect(depends).toEqual([
      'libc6 (>= 2.28)',
      'libstdc++6 (>= 6)',
      'libgcc-s1',
      'systemd | systemd-standalone-sysusers',
    ])
  })

  test('a rebuild comes after the release, as the page says', async () => {
    expect(await runOk('dpkg', ['--compare-versions', '1.2.3', 'lt', '1.2.3+1'])).toBe('')
    expect(await runOk('dpkg', ['--compare-versions', '1.2.3~1', 'lt', '1.2.3'])).toBe('')
  })

  test('no link of its pages is dead', async () => {
    const docs = join(tree, 'usr/share/doc/mapgate')
    const pages = (await readdir(docs, { recursive: true })).filter((name) => name.endsWith('.md'))
    expect(pages.length).toBeGreaterThan(40)
    const dead: string[] = []
    for (const page of pages) {
      const text = (await readFile(join(docs, page), 'utf8'))
        .replace(/^```.*?^```/gms, '')
        .replace(/`[^`]*`/g, '')
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g))
        if (!/^[a-z]+:/.test(target) && !existsSync(join(docs, dirname(page), target)))
          dead.push(`${page}: ${target}`)
    }
    expect(dead).toEqual([])
  })

  test('it installs, with a user, a valid configuration and a token of this machine', async () => {
    await runOk('dpkg', [UNSAFE_IO, '-i', first])
    expect(await packageState()).toMatch(/^ii /)
    await expectFirstSetUp()
    expect(existsSync('/usr/lib/mapgate/dist/admin/page/index.html')).toBe(true)
  })

  test('its upstream and its table can be uncommented', async () => {
    const shipped = await readFile(CONFIG, 'utf8')
    const [before = '', sections = ''] = shipped.split(/^(?=upstreams:)/m)
    const uncommented = sections.replace(/^ {2}# (?=( {2})*[\w-]+:( |$)[^:]*)(?!.*main\.cf)/gm, '  ')
    expect(uncommented).toContain('\n  directory:\n    endpoints: [')
    expect(uncommented).toContain('\n  virtual:\n    usedBy: [virtual_alias_maps]\n')
    await writeFile(CONFIG, before + uncommented)
    await writeFile('/etc/mapgate/secrets/directory', 'a secret\n', { mode: 0o600 })
    const checked = await runOk('/usr/bin/mapgate', ['check', '-c', CONFIG])
    expect(checked).toContain('2 tables, 2 upstreams')
    await writeFile(CONFIG, shipped)
  })

  test('docs/first-table.md can be followed from it', async () => {
    const page = await readFile(join(tree, 'usr/share/doc/mapgate/docs/first-table.md'), 'utf8')
    const [, yaml = ''] = /^```yaml file=mapgate\.yaml\n(.*?)^```/ms.exec(page) ?? []
    const home = join(folder, 'home')
    const [service, listener] = [await freePort(), await freePort()]
    await mkdir(home)
    await symlink('/usr/lib/mapgate/examples', join(home, 'examples'))
    await writeFile(
      join(home, 'mapgate.yaml'),
      yaml.replace(':8470', `:${service}`).replace(':8464', `:${listener}`).replace(':8466', ':0'),
    )
    const env = {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(service),
      TOKEN: 'a-token-for-trying',
      DIRECTORY: 'examples/directory/aliases.json',
      DIRECTORY_TOKEN: 'a-token-for-trying',
    }
    const options = { cwd: home, env }
    const program = spawn('python3', ['examples/services/service.py'], { ...options, stdio: 'ignore' })
    await expect
      .poll(async () => (await run('/usr/bin/mapgate', ['check', '--ask'], options)).status, {
        timeout: READY_TIMEOUT_MS,
      })
      .toBe(0)
    const gateway = spawn('/usr/bin/mapgate', ['serve'], { ...options, stdio: 'ignore' })
    const question = [`socketmap:inet:127.0.0.1:${listener}:aliases`, 'Info+orders@Lighthouse.example']
    await expect
      .poll(async () => (await run('/usr/bin/mapgate', ['query', ...question], options)).stdout, {
        timeout: READY_TIMEOUT_MS,
      })
      .toBe('bob+orders@lighthouse.example\n')
    await Promise.all([stop(gateway), stop(program)])
  })

  test('it runs on its own Node.js', async () => {
    const bundled = JSON.parse(await readFile(join(ROOT, 'packaging/tree/node-runtime.json'), 'utf8'))
    expect(await runOk('/usr/lib/mapgate/bin/node', ['--version'])).toBe(`v${bundled.version}\n`)
    // No Node.js is found on this path.
    const said = await runOk('/usr/bin/mapgate', ['--version'], { env: { PATH: '/nowhere' } })
    expect(said).toMatch(/^mapgate \d/)
    expect(said).toContain(` (Node.js ${bundled.version})\n`)
  })

  test('systemd-analyze verify has nothing to say about the installed units', () =>
    expectUnitsVerified('/lib/systemd/system'))

  test('its manual pages are found, and bash completes its commands', async () => {
    expect(await runOk('man', ['-w', 'mapgate', 'mapgate.yaml'])).toContain('mapgate.1')
    const completes =
      'source /usr/share/bash-completion/completions/mapgate; COMP_WORDS=(mapgate ser); COMP_CWORD=1; _mapgate; echo $COMPREPLY'
    expect(await runOk('bash', ['-c', completes])).toBe('serve\n')
  })

  test('it answers a lookup, and stops with 0', expectAnswersAndStops)

  test('an upgrade with another default asks nothing, and keeps the edited configuration and the token', async () => {
    const [config, token] = [await readFile(CONFIG, 'utf8'), await readFile(TOKEN, 'utf8')]
    // No terminal, and no word about which file to keep: a question would be an error.
    await runOk('dpkg', [UNSAFE_IO, '-i', upgrade])
    expect(await packageState()).toBe('ii 999.0.0')
    expect(await readFile(CONFIG, 'utf8')).toBe(config)
    expect(await readFile(TOKEN, 'utf8')).toBe(token)
    expect(await readFile(SHIPPED_CONFIG, 'utf8')).toContain('# shipped by 999.0.0')
    expect((await readdir('/etc/mapgate')).sort()).toEqual(['admin.token', 'mapgate.yaml', 'secrets'])
    expect((await stat(CONFIG)).mode & 0o777).toBe(0o640)
  })

  test('removing it leaves configuration and stored answers', async () => {
    await writeFile(join(STATE, 'cache'), 'stored answers')
    await runOk('dpkg', ['--remove', 'mapgate'])
    expect(existsSync('/usr/lib/mapgate')).toBe(false)
    expect(existsSync('/usr/bin/mapgate')).toBe(false)
    expect([CONFIG, TOKEN, join(STATE, 'cache')].filter((file) => !existsSync(file))).toEqual([])
  })

  test('purging it says what it removes, and leaves nothing', async () => {
    await mkdir('/etc/mapgate/secrets', { recursive: true })
    const said = await runOk('dpkg', ['--purge', 'mapgate'])
    for (const path of [CONFIG, TOKEN, '/etc/mapgate/secrets', STATE])
      expect(said).toContain(`mapgate: removes ${path}\n`)
    expect(said).toContain('the user mapgate stays')
    expect(
      ['/etc/mapgate', STATE, '/var/lib/systemd/deb-systemd-helper-enabled/mapgate.service.dsh-also'].filter(
        existsSync,
      ),
    ).toEqual([])
    expect(await packageState()).toBe('')
  })

  test('an upgrade from a version whose configuration was a conffile asks nothing, and keeps an edit', async () => {
    await runOk('dpkg', [UNSAFE_IO, '-i', older])
    const edited = `${await readFile(CONFIG, 'utf8')}# edited here\n`
    await writeFile(CONFIG, edited)
    await runOk('dpkg', [UNSAFE_IO, '-i', upgrade])
    expect(await packageState()).toBe('ii 999.0.0')
    expect(await readFile(CONFIG, 'utf8')).toBe(edited)
    await writeFile('/etc/mapgate/mine', '')
    expect(await runOk('dpkg', ['--purge', 'mapgate'])).toContain(
      'mapgate: /etc/mapgate has other files and stays\n',
    )
    await rm('/etc/mapgate', { recursive: true })
  })
})
