/**
 * Where the package of this program lies, for the files that come with it. Found by the package's own name: how many
 * folders it is above a module depends on whether that runs as a source or out of the bundle.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

export const PACKAGE_FILE = pathToFileURL(createRequire(import.meta.url).resolve('mapgate/package.json'))
