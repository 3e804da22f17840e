/**
 * Puts the page where the gateway serves it from: its modules and those of src/presentation compiled for
 * the browser, its HTML, styles and icon as they are, and uPlot's own files beside them. Nothing is loaded from elsewhere.
 *
 *   node scripts/build-page.mjs [FOLDER]      default dist/admin/page
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const source = join(root, 'src/admin/page')
const target = process.argv[2] ?? join(root, 'dist/admin/page')

// Compiled aside: the compiler also writes the files whose types the page uses, and those are the server's.
const work = mkdtempSync(join(tmpdir(), 'mapgate-page-'))
try {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['-p', join(root, 'tsconfig.page.json'), '--noEmit', 'false', '--outDir', work]
  execFileSync(process.execPath, [tsc, ...options], { stdio: 'inherit' })
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  copy(join(work, 'admin/page'), /\.js$/)
  copy(join(work, 'presentation'), /\.js$/)
  useOneFolder()
  copy(source, /\.(html|css|svg)$/)
  copy(join(root, 'node_modules/uplot/dist'), /^uPlot\.(esm\.js|min\.css)$/)
} finally {
  rmSync(work, { recursive: true, force: true })
}

function copy(folder, names) {
  for (const name of readdirSync(folder)) {
    if (names.test(name)) cpSync(join(folder, name), join(target, name), { errorOnExist: true, force: false })
  }
}

/** The gateway serves one folder: modules name each other as neighbours, and nothing outside of it. */
function useOneFolder() {
  for (const name of readdirSync(target).filter((file) => file.endsWith('.js'))) {
    const file = join(target, name)
    const text = readFileSync(file, 'utf8').replaceAll("'../../presentation/", "'./")
    const outside = /from '(\.\.\/[^']*)'/.exec(text)
    if (outside !== null) throw new Error(`${name} imports ${outside[1]}, which the browser does not get`)
    writeFileSync(file, text)
  }
}
