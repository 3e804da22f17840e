/**
 * npm run soak -- [--minutes 20] [--seed N] [--report FILE.json] [--plot FILE.svg]
 *
 * Compiles the gateway, the soak and the test support it uses, and runs it: Node.js 20 runs no
 * TypeScript. What it does stands in scripts/soak/main.ts.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = join(root, 'test-output', `soak-${process.pid}`)
mkdirSync(out, { recursive: true })
writeFileSync(join(out, 'package.json'), '{"type":"module"}')
writeFileSync(
  join(out, 'tsconfig.json'),
  JSON.stringify({
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: false, noCheck: true, rootDir: root, outDir: out },
    include: [],
    files: [join(root, 'scripts/soak/main.ts'), join(root, 'scripts/soak/gateway-child.ts')],
  }),
)
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(out, 'tsconfig.json')], { stdio: 'inherit' })
const soak = spawn(
  process.execPath,
  ['--expose-gc', join(out, 'scripts/soak/main.js'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
soak.once('close', (code) => {
  rmSync(out, { recursive: true, force: true })
  process.exitCode = code ?? 1
})
