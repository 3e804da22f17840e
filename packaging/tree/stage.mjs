/**
 * Lays out the files of the packages, as the Filesystem Hierarchy Standard has them.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { bashCompletion } from '../../scripts/docs/completion.mjs'
import { commandManual, configManual } from '../../scripts/docs/manual.mjs'
import { copyright } from './copyright.mjs'
import { fetchNodeRuntime, NODE_RUNTIME } from './node-runtime.mjs'

/** What the program does not read at run time: sources, types, maps of packages and pages for developers. */
const NOT_NEEDED_FILE = /(?:\.(?:map|md|ts|mts|cts)|\/\.gitattributes)$/
/** The same as folders, only at the top of a module: below it such a name may hold code. */
const NOT_NEEDED_FOLDER = /^(?:test|tests|docs|bench|benchmark|benchmarks|example|examples|\.github)$/

/** Our files that are copied as they are: from, to. */
const COPIES = [
  ['dist', 'usr/lib/mapgate/dist'],
  ['examples', 'usr/lib/mapgate/examples'],
  ['package.json', 'usr/lib/mapgate/package.json'],
  ['packaging/tree/mapgate', 'usr/bin/mapgate'],
  ['packaging/tree/first-set-up', 'usr/lib/mapgate/first-set-up'],
  // No conffile: first-set-up copies it where there is no configuration, so that an upgrade never asks.
  ['packaging/tree/mapgate.yaml', 'usr/share/mapgate/mapgate.yaml'],
  ['packaging/systemd/mapgate.service', 'lib/systemd/system/mapgate.service'],
  ['packaging/systemd/mapgate.socket', 'lib/systemd/system/mapgate.socket'],
  ['packaging/systemd/mapgate@.service', 'lib/systemd/system/mapgate@.service'],
  ['packaging/systemd/mapgate@.socket', 'lib/systemd/system/mapgate@.socket'],
  ['packaging/systemd/mapgate.sysusers.conf', 'usr/lib/sysusers.d/mapgate.conf'],
  ['packaging/systemd/mapgate.tmpfiles.conf', 'usr/lib/tmpfiles.d/mapgate.conf'],
  ['monitoring/prometheus', 'usr/share/mapgate/prometheus'],
  ['monitoring/grafana', 'usr/share/mapgate/grafana'],
  ['docs', 'usr/share/doc/mapgate/docs'],
  ['README.md', 'usr/share/doc/mapgate/README.md'],
  ['CHANGELOG.md', 'usr/share/doc/mapgate/CHANGELOG.md'],
  ['SECURITY.md', 'usr/share/doc/mapgate/SECURITY.md'],
  ['CONTRIBUTING.md', 'usr/share/doc/mapgate/CONTRIBUTING.md'],
  ['LICENSE', 'usr/share/doc/mapgate/LICENSE'],
  ['bench/RESULTS.md', 'usr/share/doc/mapgate/bench/RESULTS.md'],
]

/** Links that make the documents right where they are installed: link, what it names. */
const LINKS = [
  ['usr/share/doc/mapgate/examples', '../../../lib/mapgate/examples'],
  ['usr/share/doc/mapgate/monitoring', '../../mapgate'],
]

/** @param {{ root: string, tree: string, work: string, architecture: string, epoch: number }} options */
export async function stageTree({ root, tree, work, architecture, epoch }) {
  for (const [from = '', to = ''] of COPIES) {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    cpSync(join(root, from), join(tree, to), { recursive: true })
  }
  for (const [link = '', target = ''] of LINKS) symlinkSync(target, join(tree, link))
  mkdirSync(join(tree, 'etc/mapgate/secrets'), { recursive: true })
  chmodSync(join(tree, 'usr/lib/mapgate/dist/cli.js'), 0o755)
  installDependencies({ root, home: join(tree, 'usr/lib/mapgate'), work, architecture })

  const runtime = fetchNodeRuntime(architecture, join(work, 'node'))
  write(tree, 'usr/lib/mapgate/bin/node', readFileSync(join(runtime, 'bin/node')))
  chmodSync(join(tree, 'usr/lib/mapgate/bin/node'), 0o755)
  write(tree, 'usr/share/doc/mapgate/LICENSE.node', readFileSync(join(runtime, 'LICENSE')))

  const gzip = (/** @type {string | Buffer} */ text) => gzipSync(text, { level: 9 })
  write(tree, 'usr/share/doc/mapgate/copyright', copyright(root, NODE_RUNTIME.version))
  write(tree, 'usr/share/man/man1/mapgate.1.gz', gzip(await commandManual(root, epoch)))
  write(tree, 'usr/share/man/man5/mapgate.yaml.5.gz', gzip(await configManual(root, epoch)))
  write(tree, 'usr/share/bash-completion/completions/mapgate', await bashCompletion(root))
}

/** Installs what package-lock.json says, without what only developers need. */
function installDependencies({ root, home, work, architecture }) {
  const folder = join(work, 'dependencies')
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(root, name), join(folder, name))
  const cpu = NODE_RUNTIME.packages[architecture]?.cpu ?? architecture
  execFileSync(
    'npm',
    [
      'ci',
      '--omit=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      `--cpu=${cpu}`,
      '--os=linux',
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const modules = join(home, 'node_modules')
  renameSync(join(folder, 'node_modules'), modules)
  for (const name of ['.bin', '.package-lock.json'])
    rmSync(join(modules, name), { recursive: true, force: true })
  for (const path of foldersBelow(modules)) {
    const inModule = dirname(path)
    if (NOT_NEEDED_FOLDER.test(basename(path)) && existsSync(join(modules, inModule, 'package.json'))) {
      rmSync(join(modules, path), { recursive: true })
    }
  }
  for (const path of filesBelow(home)) {
    const keeps = /^examples\/|^dist\/.*\.map$|licen[cs]e/i.test(path)
    if (NOT_NEEDED_FILE.test(path) && !keeps) rmSync(join(home, path))
  }
}

/** Gives every file and folder one time and one of two modes. */
export function normalise(tree, epoch) {
  for (const path of everythingBelow(tree)) {
    const file = join(tree, path)
    const stat = lstatSync(file)
    if (!stat.isSymbolicLink()) chmodSync(file, modeOf(path, stat))
    lutimesSync(file, epoch, epoch)
  }
  chmodSync(tree, 0o755)
  lutimesSync(tree, epoch, epoch)
}

function modeOf(path, stat) {
  if (path === 'etc/mapgate/secrets') return 0o700
  return stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644
}

/** Regular files and links below a folder, sorted, relative to it. */
export function filesBelow(folder) {
  return everythingBelow(folder).filter((path) => !lstatSync(join(folder, path)).isDirectory())
}

/** Folders below a folder, children before their parents. */
function foldersBelow(folder) {
  return everythingBelow(folder)
    .filter((path) => lstatSync(join(folder, path)).isDirectory())
    .reverse()
}

/** Disk space of the files in KiB, as Installed-Size counts it. Debian Policy 5.6.20. */
export function sizeKib(folder) {
  return filesBelow(folder).reduce(
    (sum, path) => sum + Math.ceil(lstatSync(join(folder, path)).size / 1024),
    0,
  )
}

function everythingBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

function write(tree, path, content) {
  mkdirSync(dirname(join(tree, path)), { recursive: true })
  writeFileSync(join(tree, path), content)
}
