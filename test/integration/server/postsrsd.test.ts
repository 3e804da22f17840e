/**
 * Our tcp_table client, and `mapgate query`, against a server that is not ours: Debian's postsrsd 1.x.
 * Needs `npm run build`.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { TcpTableClient } from '../../../src/library/clients.ts'
import { freePort } from '../../support/programs/free-port.ts'
import { testDirectory } from '../../support/wire/sockets.ts'

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))
const POSTSRSD = '/usr/sbin/postsrsd'

/** Why the test cannot run here; undefined when it can. */
function missing(): string | undefined {
  try {
    accessSync(POSTSRSD, constants.X_OK)
    const help = execFileSync(POSTSRSD, ['-h'], { encoding: 'utf8' })
    return help.includes('-f<port>') ? undefined : 'postsrsd is not version 1, which speaks tcp_table'
  } catch {
    return 'postsrsd is not installed (apt-get install postsrsd)'
  }
}

/** Starts postsrsd and gives its two ports: addresses to rewrite, and rewritten ones to restore. */
async function startPostsrsd(): Promise<{ forward: number; reverse: number }> {
  const secret = `${testDirectory()}/secret`
  writeFileSync(secret, 'a secret of this test\n')
  const [forward, reverse] = [await freePort(), await freePort()]
  const options = [`-s${secret}`, '-dsrs.example', '-4', '-l127.0.0.1', `-f${forward}`, `-r${reverse}`]
  const child = spawn(POSTSRSD, options, { stdio: 'ignore' })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return { forward, reverse }
}

function clientOf(port: number): TcpTableClient {
  const client = new TcpTableClient({ address: `inet:127.0.0.1:${port}`, timeoutMs: 5000 })
  onTestFinished(() => client.close())
  return client
}

describe('TcpTableClient', () => {
  const reason = missing()
  const skipped = reason !== undefined && process.env.CI !== 'true'

  test(`asks postsrsd over the wire and understands its answers${skipped ? ` (${reason})` : ''}`, async (t) => {
    t.skip(skipped, reason)
    expect(reason).toBeUndefined()
    const ports = await startPostsrsd()
    const forward = clientOf(ports.forward)
    const original = 'alice+news@elsewhere.example'
    let rewritten = await forward.lookup(original)
    for (let tries = 0; rewritten.kind === 'temporary' && tries < 200; tries++) {
      // Not listening yet.
      await new Promise((resolve) => setTimeout(resolve, 10))
      rewritten = await forward.lookup(original)
    }
    if (rewritten.kind !== 'found') throw new Error(`not rewritten: ${JSON.stringify(rewritten)}`)
    expect(rewritten.value).toMatch(/^SRS0=\S+=elsewhere\.example=alice\+news@srs\.example$/)

    const reverse = clientOf(ports.reverse)
    expect(await reverse.lookup(rewritten.value)).toEqual({ kind: 'found', value: original })
    expect(await reverse.lookup('bob@srs.example')).toEqual({ kind: 'notfound' })
    expect(await forward.lookup('postmaster')).toEqual({ kind: 'notfound' })

    // The command line is a client of any server, too.
    const query = (key: string) =>
      spawnSync(process.execPath, [CLI, 'query', `tcp:127.0.0.1:${ports.reverse}`, key], { encoding: 'utf8' })
    expect(query(rewritten.value)).toMatchObject({ status: 0, stdout: `${original}\n`, stderr: '' })
    expect(query('bob@srs.example')).toMatchObject({ status: 1, stdout: '' })
  })
})
