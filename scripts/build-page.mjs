/**
 * Puts the page where the gateway serves it from: its modules compiled for the browser, its HTML,
 * styles and icon as they are, and uPlot's own files beside them. Nothing is loaded from elsewhere.
 *
 *   node scripts/build-page.mjs [FOLDER]      default dist/admin/page
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
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
  mkdirSync(target, { recursive: true })
  copy(join(work, 'admin/page'), /\.js$/)
  copy(source, /\.(html|css|svg)$/)
  copy(join(root, 'node_modules/uplot/dist'), /^uPlot\.(esm\.js|min\.css)$/)
} finally {
  rmSync(work, { recursive: true, force: true })
}

function copy(folder, names) {
  for (const name of readdirSync(folder)) {
    if (names.test(name)) cpSync(join(folder, name), join(target, name))
  }
}
