/**
 * `mapgate keys`: addresses out of the log of Postfix, as syslog, rotation and the journal leave it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type KeysOptions, keys } from '../../../src/commands/keys/keys.ts'
import { addressesIn, domainOf } from '../../../src/commands/keys/log-addresses.ts'
import { recordIo } from '../../support/gateway/command-io.ts'

const LOG = [
  'Nov 27 10:00:01 mx postfix/smtpd[70]: NOQUEUE: reject: RCPT from c.example[192.0.2.1]: 550 5.1.1 <none@b.example>: Recipient address rejected: User unknown; from=<ann@A.example> to=<none@b.example> proto=ESMTP helo=<c.example>',
  'Nov 27 10:00:02 mx postfix/qmgr[71]: 4Rz: from=<ann@A.example>, size=512, nrcpt=1 (queue active)',
  'Nov 27 10:00:03 mx postfix/lmtp[72]: 4Rz: to=<bob@b.example>, orig_to=<sales@b.example>, relay=x, dsn=2.0.0, status=sent',
  'Nov 27 10:00:04 mx postfix/qmgr[71]: 4Ry: from=<>, size=512, nrcpt=1 (queue active)',
  'Nov 27 10:00:05 mx postfix/lmtp[72]: 4Ry: to=<bob@b.example>, relay=x, dsn=2.0.0, status=sent',
  'Nov 27 10:00:06 mx sshd[1]: nothing to see',
].join('\n')

async function run(input: string, options: KeysOptions = {}, files: readonly string[] = []) {
  const io = recordIo({ stdin: [input] })
  const code = await keys(files, options, io)
  return { code, out: io.out(), err: io.err() }
}

describe('mapgate keys', () => {
  test.each<[what: KeysOptions, out: string]>([
    [{}, 'none@b.example\nbob@b.example\nsales@b.example\n'],
    [{ senders: true }, 'ann@A.example\n'],
    [{ senders: true, recipients: true }, 'ann@A.example\nnone@b.example\nbob@b.example\nsales@b.example\n'],
    [{ domains: true }, 'b.example\n'],
    [{ senders: true, domains: true }, 'a.example\n'],
  ])('%j', async (what, out) => {
    expect(await run(LOG, what)).toEqual({ code: 0, out, err: '' })
  })

  test('reads files in order, packed ones too, and prints each key once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mapgate-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const [packed, plain] = [join(folder, 'mail.log.1.gz'), join(folder, 'mail.log')]
    await writeFile(packed, gzipSync('to=<old@b.example>, x\nto=<bob@b.example>, x\n'))
    await writeFile(plain, LOG)
    const { out } = await run('', {}, [packed, plain])
    expect(out).toBe('old@b.example\nbob@b.example\nnone@b.example\nsales@b.example\n')
  })

  test.each([
    ['/nonexistent/mail.log', '/nonexistent/mail.log: cannot be read: ENOENT'],
    ['/tmp', '/tmp: cannot be read: EISDIR'],
  ])('names %s when it cannot be read', async (file, message) => {
    await expect(run('', {}, [file])).rejects.toThrow(message)
  })

  test('a log without an address says what was expected', async () => {
    expect(await run('hello\nworld\n')).toEqual({
      code: 1,
      out: '',
      err: 'mapgate keys: 2 lines without an address; is this the log of Postfix (postconf maillog_file, or journalctl -t postfix/qmgr)?\n',
    })
  })
})

describe('a line', () => {
  test.each<[line: string, recipients: readonly string[]]>([
    ['{"MESSAGE":"4Rz: to=<bob@b.example>, relay=x"}', ['bob@b.example']],
    ['{"MESSAGE":[116,111,61,60,98,64,120,62]}', ['b@x']],
    ['{"MESSAGE":null}', []],
    ['{ not JSON to=<b@x>', ['b@x']],
    ['4Rz: to=<"a>b c"@b.example>, relay=x', ['"a>b c"@b.example']],
    ['4Rz: to=<"a\\"b"@b.example>, x', ['"a\\"b"@b.example']],
    ['helo=<xto=<a@b>', []],
    ['to=<a@b', []],
  ])('%s', (line, recipients) => {
    expect(addressesIn(line).recipients).toEqual(recipients)
  })

  test('a megabyte of beginnings is read in no time', () => {
    expect(addressesIn(' to=<"\\'.repeat(150_000)).recipients).toEqual([])
  })
})

test.each<[address: string, domain: string | undefined]>([
  ['a@B.example', 'b.example'],
  ['"a@b"@c.example', 'c.example'],
  ['postmaster', undefined],
  ['a@', undefined],
])('the domain of %s is %s', (address, domain) => {
  expect(domainOf(address)).toBe(domain)
})
