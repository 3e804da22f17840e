/**
 * A folder of a store or replica that the user of the program cannot use: `check` says so, and `serve` ends with the status of a
 * wrong configuration, before anything listens.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

/** Nobody's number on every Linux. */
const NOBODY = 65_534

function given() {
  const path = mkdtempSync(join(tmpdir(), 'mapgate-folders-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  chmodSync(path, 0o755)
  mkdirSync(join(path, 'of-root'))
  return path
}

function configured(path: string, directory: string): string {
  const file = join(path, 'mapgate.yaml')
  writeFileSync(
    file,
    `listeners: [{ protocol: memcache, listen: "inet:127.0.0.1:0" }]
upstreams:
  learned: { store: { directory: "${directory}" } }
  service: { endpoints: ["http://127.0.0.1:1"] }
tables:
  verify: { upstream: learned }
  users:
    upstream: service
    canary: { key: a }
    request: { path: "/{key}" }
    replica: { path: /all, directory: "${directory}/replicas" }
`,
  )
  return file
}

function run(command: string, file: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', command, '-c', file], {
    uid: NOBODY,
    gid: NOBODY,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, out: stdout + stderr }
}

describe.skipIf(process.getuid?.() !== 0)('a folder that another user has', () => {
  const cases: [directory: string, expected: string[]][] = [
    [
      'of-root',
      [
        'upstreams.learned.store.directory: "PATH/of-root": belongs to user 0, and this is user 65534; give the folder to the user that mapgate runs as (chown), and check as that user',
        'tables.users.replica.directory: "PATH/of-root/replicas/users": is not there, and user 65534 may make nothing in PATH/of-root; make it, and give the folder to the user that mapgate runs as (chown), and check as that user',
      ],
    ],
    [
      'nothing',
      [
        'upstreams.learned.store.directory: "PATH/nothing": is not there, and user 65534 may make nothing in PATH; make it, and give the folder to the user that mapgate runs as (chown), and check as that user',
      ],
    ],
  ]
  for (const [directory, expected] of cases)
    test(`is told by check and serve: ${directory}`, () => {
      const path = given()
      const file = configured(path, join(path, directory))
      for (const [command, status] of [
        ['check', 1],
        ['serve', 78],
      ] as const) {
        const ran = run(command, file)
        expect([command, ran.status]).toEqual([command, status])
        for (const line of expected) expect(ran.out).toContain(line.replaceAll('PATH', path))
      }
    })
})
