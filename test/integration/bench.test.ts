/**
 * The benchmark runs: its scenarios that take seconds, once and for a moment. What that says about speed is not looked at.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the benchmark has its figures', { timeout: 120_000 }, async (context) => {
  if (!existsSync('/usr/sbin/nginx')) context.skip('needs nginx: apt-get install nginx')
  const only = ['--only', 'attributes,start,resident']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    'bench/run.mjs',
    '--quick',
    ...only,
  ])
  expect(stderr).toBe('')
  const names = Array.from(stdout.matchAll(/^ {2}(.*?): [\d.e+-]+(?: [a-zA-Z]+)? \(/gm), ([, name]) => name)
  expect(names).toEqual(
    expect.arrayContaining([
      'policy: CPU time per reply, ratio',
      'policy: CPU time per reply',
      'policy: p99, ratio',
      'proxymap: CPU time per reply, ratio',
      'proxymap: CPU time per reply, compared with',
      'first cached answer with 100 tables',
      'to ready with 100 tables',
      'first answer with 10000 answers in the cache file',
      'all 10000 answers of the cache file read',
      'idle, configuration of the demo',
    ]),
  )
})
