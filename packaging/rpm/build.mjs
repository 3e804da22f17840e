/**
 * `npm run package:rpm`: builds out/mapgate-VERSION-1.ARCH.rpm.
 *
 *   node packaging/rpm/build.mjs [--arch amd64|arm64] [--out FOLDER] [--version VERSION]
 *
 * Expects `npm run build` before it, and rpmbuild. The files are those of the Debian package.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { licences } from '../tree/copyright.mjs'
import { packageOptions } from '../tree/options.mjs'
import { normalise, stageTree } from '../tree/stage.mjs'

/** rpm's names of the architectures. */
const RPM_ARCHITECTURE = { amd64: 'x86_64', arm64: 'aarch64' }

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const { architecture, out, version, epoch } = packageOptions(root)
const target = RPM_ARCHITECTURE[architecture]
const work = mkdtempSync(join(tmpdir(), 'mapgate-rpm-'))
try {
  const tree = join(work, 'tree')
  await stageTree({ root, tree, work, architecture, epoch })
  // /lib is a link where rpm is used, and a package must not bring it as a folder.
  renameSync(join(tree, 'lib/systemd'), join(tree, 'usr/lib/systemd'))
  rmSync(join(tree, 'lib'), { recursive: true })
  normalise(tree, epoch)
  mkdirSync(out, { recursive: true })
  const macros = {
    _topdir: work,
    _rpmdir: out,
    _rpmfilename: '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm',
    _buildhost: 'mapgate.example',
    use_source_date_epoch_as_buildtime: '1',
    mapgate_tree: tree,
    mapgate_version: version,
    mapgate_licences: licences(root),
  }
  execFileSync(
    'rpmbuild',
    [
      '-bb',
      '--quiet',
      '--target',
      `${target}-linux`,
      ...Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]),
      join(root, 'packaging/rpm/mapgate.spec'),
    ],
    { env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  console.log(join(out, `mapgate-${version}-1.${target}.rpm`))
} finally {
  rmSync(work, { recursive: true, force: true })
}
