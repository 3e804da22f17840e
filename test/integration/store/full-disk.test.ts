/**
 * A store whose disk is full: what is there is found, what does not fit is told to try again, and when there is room
 * everything goes on. Needs root and the right to mount a tmpfs.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type TestContext, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'
import { until } from '../../support/postfix/until.ts'

function mountTmpfs(t: TestContext, size: string): { folder: string; resize: (size: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    rmSync(folder, { recursive: true })
    if (process.env.CI === 'true') throw error
    t.skip(`needs root and the right to mount a tmpfs: ${String(error).split('\n')[1] ?? ''}`)
  }
  t.onTestFinished(() => {
    execFileSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    resize: (size) => void execFileSync('mount', ['-o', `remount,size=${size}`, folder], { stdio: 'pipe' }),
  }
}

test('a full disk makes writes wait, loses nothing, and is no defect', { timeout: 30_000 }, async (t) => {
  const { folder, resize } = mountTmpfs(t, '1m')
  const gateway = await startGateway(
    t,
    `
listeners: [{ protocol: memcache, listen: "inet:127.0.0.1:0" }]
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
upstreams: { learned: { store: { directory: "${folder}/store" } } }
tables: { verify: { upstream: learned } }
`,
  )
  const socket = connect(gateway.address('memcache').port, '127.0.0.1')
  t.onTestFinished(() => void socket.destroy())
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  const ask = async (request: string, end = '\r\n') => {
    text = ''
    socket.write(request)
    return until('a reply', () => (text.endsWith(end) ? text : undefined))
  }
  const value = 'v'.repeat(50_000)
  const set = (key: string) => ask(`set verify/${key} 0 0 ${value.length}\r\n${value}\r\n`)
  const has = async (key: string) => (await ask(`get verify/${key}\r\n`, 'END\r\n')).startsWith('VALUE ')

  let stored = 0
  let reply = await set('k0')
  for (; reply === 'STORED\r\n' && stored < 100; reply = await set(`k${stored}`)) stored++
  expect(reply).toMatch(
    /^SERVER_ERROR store learned: its folder cannot be read or written \(Input\/output error\); see its disk/,
  )
  expect(stored).toBeGreaterThan(5)
  expect([await has('k0'), await has(`k${stored - 1}`), await has(`k${stored}`)]).toEqual([true, true, false])
  const problems = await (await fetch(`${gateway.adminUrl}/api/v1/problems`)).text()
  expect(problems).toContain('"kind":"store"')
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(
    /^mapgate_store_requests_total\{table="verify",operation="put",result="temporary"\} 1$/m,
  )
  expect(metrics).toMatch(/^mapgate_defects_total 0$/m)

  resize('20m')
  // No write is tried for a second.
  await expect.poll(() => set('more'), { timeout: 10_000 }).toBe('STORED\r\n')
  expect([await has('k0'), await has(`k${stored - 1}`), await has('more')]).toEqual([true, true, true])
  expect(gateway.gateway.status().upstreams).toMatchObject([{ store: { entries: stored + 1 } }])
})
