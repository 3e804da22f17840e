/**
 * `npm run package:deb`: builds out/mapgate_VERSION_ARCH.deb.
 *
 *   node packaging/debian/build.mjs [--arch amd64|arm64] [--out FOLDER] [--version VERSION]
 *
 * Expects `npm run build` before it. Two builds of one commit have the same bytes: every file gets
 * the commit's time (or SOURCE_DATE_EPOCH), a mode that depends on nothing but its being executable,
 * root as owner, and a place in sorted order. https://reproducible-builds.org/docs/
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { debianVersion, writeControl } from './build/control.mjs'
import { NODE_RUNTIME } from './build/node-runtime.mjs'
import { normalise, stageTree } from './build/stage.mjs'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: thisArchitecture() },
    out: { type: 'string', default: join(root, 'out') },
    version: { type: 'string', default: manifest.version },
  },
})
if (NODE_RUNTIME.packages[values.arch] === undefined) {
  console.error(`--arch ${values.arch}: expected one of ${Object.keys(NODE_RUNTIME.packages).join(', ')}`)
  process.exit(64)
}

const epoch = sourceDateEpoch()
const work = mkdtempSync(join(tmpdir(), 'mapgate-deb-'))
try {
  const tree = join(work, 'tree')
  await stageTree({ root, tree, work, architecture: values.arch, epoch })
  writeControl({ root, tree, manifest, version: values.version, architecture: values.arch })
  normalise(tree, epoch)
  mkdirSync(values.out, { recursive: true })
  const file = join(values.out, `mapgate_${debianVersion(values.version)}_${values.arch}.deb`)
  execFileSync(
    'dpkg-deb',
    // One thread: how zstd splits its work must not depend on the machine.
    [
      '--root-owner-group',
      '-Zzstd',
      '-z6',
      '--threads-max=1',
      '--uniform-compression',
      '--build',
      tree,
      file,
    ],
    { env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  console.log(file)
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** @returns {string} Debian's name of this machine's architecture. */
function thisArchitecture() {
  return process.arch === 'arm64' ? 'arm64' : 'amd64'
}

/** @returns {number} Seconds since 1970: SOURCE_DATE_EPOCH, else the time of the last commit. */
function sourceDateEpoch() {
  const given = Number(process.env.SOURCE_DATE_EPOCH ?? Number.NaN)
  if (Number.isInteger(given)) return given
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }))
}
