/**
 * The control part of the Debian package. Debian Policy chapter 5 (control fields), 6 (scripts).
 */
import { createHash } from 'node:crypto'
import { copyFileSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, sizeKib } from '../tree/stage.mjs'

const SCRIPTS = ['postinst', 'prerm', 'postrm']

/** @param {{ root: string, tree: string, manifest: any, version: string, architecture: string }} options */
export function writeControl({ root, tree, manifest, version, architecture }) {
  const files = filesBelow(tree)
  const folder = join(tree, 'DEBIAN')
  mkdirSync(folder)
  const fields = [
    ['Package', 'mapgate'],
    ['Version', version],
    ['Architecture', architecture],
    ['Maintainer', 'mapgate maintainers <maintainers@mapgate.example>'],
    ['Installed-Size', String(sizeKib(tree))],
    // What bin/node is linked with, and what the maintainer scripts call: all of Debian 12.
    ['Depends', 'libc6 (>= 2.28), libstdc++6 (>= 6), libgcc-s1, systemd | systemd-standalone-sysusers'],
    ['Suggests', 'postfix, prometheus'],
    ['Section', 'mail'],
    ['Priority', 'optional'],
    ['Description', `gateway through which Postfix asks HTTP services\n ${wrap(manifest.description)}`],
  ]
  writeFileSync(join(folder, 'control'), `${fields.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`)
  const sums = files
    .filter((path) => !lstatSync(join(tree, path)).isSymbolicLink())
    .map((path) => `${md5(join(tree, path))}  ${path}\n`)
  writeFileSync(join(folder, 'md5sums'), sums.join(''))
  for (const name of SCRIPTS) copyFileSync(join(root, 'packaging/debian', name), join(folder, name))
}

/** @param {string} text A paragraph, for the extended description: lines begin with a space. */
function wrap(text) {
  return (text.match(/.{1,76}(?:\s|$)/g) ?? []).map((line) => line.trim()).join('\n ')
}

/** @param {string} file */
function md5(file) {
  return createHash('md5').update(readFileSync(file)).digest('hex')
}
