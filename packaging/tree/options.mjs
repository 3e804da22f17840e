/**
 * What both packages are built with.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { NODE_RUNTIME } from './node-runtime.mjs'

/**
 * Reads the command line; ends the program with 64 for an architecture that has no Node.js.
 *
 * @param {string} root The checkout.
 */
export function packageOptions(root) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
      out: { type: 'string', default: join(root, 'out') },
      version: { type: 'string', default: manifest.version },
    },
  })
  if (NODE_RUNTIME.packages[values.arch] === undefined) {
    console.error(`--arch ${values.arch}: expected one of ${Object.keys(NODE_RUNTIME.packages).join(', ')}`)
    process.exit(64)
  }
  return {
    manifest,
    /** Debian's name. */
    architecture: values.arch,
    out: values.out,
    version: packageVersion(values.version),
    epoch: sourceDateEpoch(root),
  }
}

/**
 * Makes a version of dpkg and rpm out of one of npm: `1.0.0-rc.1` comes before `1.0.0`, as `1.0.0~rc.1`; `1.0.0+1`, a
 * rebuild, comes after it.
 *
 * @param {string} version
 */
export function packageVersion(version) {
  return version.replace('-', '~')
}

/** @returns {number} Seconds since 1970: SOURCE_DATE_EPOCH, else the time of the last commit. */
function sourceDateEpoch(root) {
  const given = Number(process.env.SOURCE_DATE_EPOCH ?? Number.NaN)
  if (Number.isInteger(given)) return given
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }))
}
