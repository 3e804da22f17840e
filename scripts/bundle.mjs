/**
 * Puts the program and the library into the files that are run and shipped, with the packages they are made of: a start
 * that reads a dozen files takes half of one that reads six hundred (docs/decisions/0016-one-bundle.md).
 *
 *   node scripts/bundle.mjs [FOLDER]      default dist; expects the library's types in build/, where the compiler puts them
 *
 * What not every configuration needs stays a package of its own and is loaded when it is asked for.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { licences } from './bundle/licences.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const target = process.argv[2] ?? join(root, 'dist')
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const installed = Object.keys({ ...dependencies, ...optionalDependencies })

/** Threads and the demo's directory run in a process or thread of their own: nothing of it would be shared. */
const ALONE = [
  'index.ts',
  'commands/serve/watchdog-thread.ts',
  'upstreams/replica/copy-thread.ts',
  'commands/demo/directory-process.ts',
]

/**
 * Each with what it imports, less what is in one above it, is one file; the rest is split by who needs it. The first is loaded
 * before there is a compile cache.
 */
const TOGETHER = [
  ['first', 'cli.ts'],
  ['program', 'commands/program.ts'],
  ['serve', 'commands/serve/serve.ts'],
]

const OUTPUT = {
  dir: target,
  format: 'esm',
  // Names and lines of a stack trace are worth more than what a start would gain.
  minify: false,
  comments: { legal: true, annotation: false, jsdoc: false },
  sourcemap: true,
  sourcemapExcludeSources: true,
  entryFileNames: '[name].js',
  // An old process must not load a part of its successor: that file has another name.
  chunkFileNames: '[name]-[hash].js',
}

/** What each module imports at once, of the build that runs. */
const importsOf = new Map()
const imports = {
  name: 'imports',
  moduleParsed({ id, importedIds }) {
    importsOf.set(id, importedIds)
  },
}

/**
 * An `import` of a module of Node.js reads all that it exports, and so makes what it would make when it is asked for: `node:http`
 * its WebSocket with a second undici, `node:dns` a resolver. Fetched like this nothing is read but what is used.
 */
const builtins = {
  name: 'builtins',
  renderChunk(code) {
    const statement = /^import (?:([\w$]+)|\* as ([\w$]+)|(\{[^}]*\})) from "(node:[\w/]+)";$/gm
    const fetched = code.replace(statement, (_all, one, whole, names, module) => {
      return `const ${one ?? whole ?? names.replaceAll(' as ', ': ')} = process.getBuiltinModule("${module}");`
    })
    const left = /^import .* from "node:.*$/m.exec(fetched)
    if (left !== null) throw new Error(`not understood: ${left[0]}`)
    // Every line stays where it was.
    return { code: fetched, map: null }
  },
}

/** One character beyond Latin-1 anywhere, and V8 keeps the whole file with two bytes for each: 4 MB of an idle process. */
const latin = {
  name: 'latin',
  renderChunk(code) {
    // There an escape would be something else than the character.
    const wrong = /String\.raw`[^`]*[^\0-\xff`]|(?<!\\)(?:\\\\)*\\[^\0-\xff]/.exec(code)
    if (wrong !== null) throw new Error(`cannot be escaped: ${wrong[0]}`)
    const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
    return { code: code.replace(/[^\0-\xff]/g, escaped), map: null }
  },
}

/** Every file in the bundle. */
const modules = new Set()
for (const file of ALONE) await build(file, false)
await build('cli.ts', { groups: TOGETHER.map(([name, file]) => together(name, file)) })
writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), licences(modules))
copyTypes('index.d.ts')

async function build(file, codeSplitting) {
  const bundle = await rolldown({
    input: join(root, 'src', file),
    platform: 'node',
    external: (id) => installed.some((name) => id === name || id.startsWith(`${name}/`)),
    plugins: [imports, builtins, latin],
    onLog(_level, { message }) {
      throw new Error(message)
    },
  })
  const { output } = await bundle.write({ ...OUTPUT, codeSplitting })
  for (const { moduleIds = [] } of output) for (const id of moduleIds) modules.add(id)
  await bundle.close()
}

/** Copies a file of types and those that it names. */
function copyTypes(file, copied = new Set()) {
  if (copied.has(file)) return
  copied.add(file)
  const text = readFileSync(join(root, 'build', file), 'utf8')
  mkdirSync(dirname(join(target, file)), { recursive: true })
  writeFileSync(join(target, file), text)
  for (const [, named] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.(?:ts|js)['"]/g))
    copyTypes(join(dirname(file), `${named}.d.ts`), copied)
}

function together(name, file) {
  let needed
  return {
    name,
    test(id) {
      needed ??= reachable(join(root, 'src', file))
      return needed.has(id) && !id.endsWith('/src/cli.ts')
    },
  }
}

function reachable(from) {
  const found = new Set([from])
  for (const id of found) for (const next of importsOf.get(id) ?? []) found.add(next)
  return found
}
