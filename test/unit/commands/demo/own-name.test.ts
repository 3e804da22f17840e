import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ownName, shellQuote } from '../../../../src/commands/demo/own-name.ts'

const script = '/home/me/mapgate/dist/cli.js'

describe('ownName', () => {
  const cases: [name: string, cwd: string, env: Record<string, string>, words: string][] = [
    ['in the package', '/home/me/mapgate', {}, 'node dist/cli.js'],
    ['above the package', '/home/me', {}, 'node mapgate/dist/cli.js'],
    ['elsewhere', '/srv', {}, `node ${script}`],
    [
      'started by npm start in a subfolder',
      '/home/me/mapgate',
      { npm_lifecycle_event: 'start', INIT_CWD: '/srv' },
      `node ${script}`,
    ],
    ['started by npm start', '/home/me/mapgate', { npm_lifecycle_event: 'start' }, 'node dist/cli.js'],
    ['started by npx', '/srv', { npm_command: 'exec' }, 'npx mapgate'],
  ]
  for (const [name, cwd, env, words] of cases) {
    test(`${name} it is: ${words}`, () => {
      expect(ownName({ script, cwd, env })).toBe(words)
    })
  }

  test('is mapgate where that is what PATH has', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'cli.js'), '')
    await symlink('../cli.js', join(folder, 'bin', 'mapgate'))
    const env = { PATH: `/nonexistent:relative:${join(folder, 'bin')}` }
    expect(ownName({ script: join(folder, 'bin', 'mapgate'), cwd: '/', env })).toBe('mapgate')
    await writeFile(join(folder, 'other.js'), '')
    expect(ownName({ script: join(folder, 'other.js'), cwd: folder, env })).toBe('node other.js')
  })
})

describe('shellQuote', () => {
  const cases: [word: string, quoted: string][] = [
    ['dist/cli.js', 'dist/cli.js'],
    ['my folder/cli.js', "'my folder/cli.js'"],
    ["it's", "'it'\\''s'"],
    ['', "''"],
  ]
  for (const [word, quoted] of cases) {
    test(`${word} is ${quoted}`, () => {
      expect(shellQuote(word)).toBe(quoted)
    })
  }
})
