/**
 * The licences of the packages that a bundle is made of, as they ask for: each text goes with the code.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)/i

/**
 * @param {Iterable<string>} modules Files in the bundle.
 * @returns One text: name, version and licence of each package, in the order of their names.
 */
export function licences(modules) {
  const folders = new Set([...modules].flatMap((file) => packageOf(file) ?? []))
  const texts = [...folders].map(licenceOf).sort()
  return `mapgate contains the packages below.\n\n${texts.join('\n')}`
}

/** The folder of the package that a file is of; undefined for files of our own. */
function packageOf(file) {
  const inPackage = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file.replace(/^\0/, ''))
  return inPackage?.[1]
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file))
  if (license === undefined && files.length === 0) throw new Error(`${name} names no licence`)
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return `${'-'.repeat(80)}\n${[`${name} ${version}, ${license}`, ...texts].join('\n\n')}\n`
}
