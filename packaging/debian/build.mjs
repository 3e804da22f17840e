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
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageOptions } from '../tree/options.mjs'
import { normalise, stageTree } from '../tree/stage.mjs'
import { writeControl } from './control.mjs'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const { manifest, architecture, out, version, epoch } = packageOptions(root)
const work = mkdtempSync(join(tmpdir(), 'mapgate-deb-'))
try {
  const tree = join(work, 'tree')
  await stageTree({ root, tree, work, architecture, epoch })
  writeControl({ root, tree, manifest, version, architecture })
  normalise(tree, epoch)
  mkdirSync(out, { recursive: true })
  const file = join(out, `mapgate_${version}_${architecture}.deb`)
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
