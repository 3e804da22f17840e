/**
 * The copyright file of the packages, from package-lock.json: Debian's format, which names each module's licence.
 * https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @param {string} root The checkout.
 * @param {string} nodeVersion Of the runtime in the package.
 */
export function copyright(root, nodeVersion) {
  const modules = bundled(root).map(([path, about]) =>
    stanza(`usr/lib/mapgate/${path}/*`, `see its package.json (version ${about.version})`, about.license),
  )
  const licence = readFileSync(join(root, 'LICENSE'), 'utf8').trim()
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: mapgate\n',
    stanza('*', 'the authors of mapgate', `Expat\n${indent(licence)}`),
    stanza(
      'usr/lib/mapgate/bin/node',
      `the authors of Node.js ${nodeVersion}`,
      'Expat and others\n see /usr/share/doc/mapgate/LICENSE.node',
    ),
    stanza(
      'usr/lib/mapgate/dist/*',
      'the authors of mapgate and of the packages in it',
      'Expat and others\n see /usr/lib/mapgate/dist/THIRD-PARTY-LICENSES.txt',
    ),
    ...modules,
  ].join('\n')
}

/**
 * @param {string} root The checkout.
 * @returns {string} An SPDX expression of all licences: ours, and those of the modules. https://spdx.github.io/spdx-spec/
 */
export function licences(root) {
  const all = bundled(root).map(([, { license }]) => (license.includes(' ') ? `(${license})` : license))
  return Array.from(new Set(['MIT', ...all])).join(' AND ')
}

function bundled(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(lock.packages).filter(([path, about]) => path !== '' && about.dev !== true)
}

function stanza(files, holder, licence) {
  return `Files: ${files}\nCopyright: ${holder}\nLicense: ${licence}\n`
}

function indent(text) {
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line}`))
    .join('\n')
}
