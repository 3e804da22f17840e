/**
 * The copyright file of the Debian package, from package-lock.json.
 * https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @param {string} root The checkout.
 * @param {string} nodeVersion Of the runtime in the package.
 */
export function copyright(root, nodeVersion) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const modules = Object.entries(lock.packages)
    .filter(([path, about]) => path !== '' && about.dev !== true)
    .map(([path, about]) =>
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

function stanza(files, holder, licence) {
  return `Files: ${files}\nCopyright: ${holder}\nLicense: ${licence}\n`
}

function indent(text) {
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? ' .' : ` ${line}`))
    .join('\n')
}
