/**
 * What docs/chroot.md says: a chrooted smtpd(8) reaches a socket in the queue directory by its
 * relative path, and not by its absolute one.
 */
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { Gateway } from '../../src/gateway.ts'
import type { Cleanup } from '../support/http/http-service.ts'
import { requirePostfix, startPostfix } from '../support/postfix/postfix.ts'
import { openSmtpSession } from '../support/postfix/smtp-session.ts'
import { configurations } from './markdown.ts'

beforeEach((context) => requirePostfix(context))

/** A lookup that smtpd(8) does itself: it is the chrooted one. */
const access = (path: string) => ({
  smtpd_recipient_restrictions: `check_recipient_access socketmap:unix:${path}:access`,
})

/** The page's second configuration, with its path in the queue directory of the test. */
async function startGateway(cleanup: Cleanup, socketPath: string): Promise<void> {
  const [, block] = configurations('docs/chroot.md')
  const text = (block?.text ?? '').replace('/var/spool/postfix/mapgate/socketmap', socketPath)
  const rest =
    'upstreams: { s: { entries: { shut@a.example: REJECT closed } } }\ntables: { access: { upstream: s } }\nlog: { level: silent }\n'
  const gateway = await Gateway.start({
    load: () => parseConfig(text + rest, 'chroot.yaml'),
    version: 'test',
  })
  cleanup.onTestFinished(() => gateway.stop())
}

describe('a chrooted Postfix', () => {
  test('asks over a relative path, on a socket for its group alone', async (context) => {
    const postfix = await startPostfix(context, access('mapgate/socketmap'), { chroot: true })
    const folder = join(postfix.queueDirectory, 'mapgate')
    await mkdir(folder, { mode: 0o755 })
    await startGateway(context, join(folder, 'socketmap'))
    expect((await lstat(join(folder, 'socketmap'))).mode & 0o777).toBe(0o660)
    const session = await openSmtpSession(context, postfix.smtpPort)
    const { recipients } = await session.send('x@b.example', ['shut@a.example', 'open@a.example'], 'chroot')
    expect(recipients.map(({ code }) => code)).toEqual([554, 250])
  })

  test('does not find an absolute path', async (context) => {
    const postfix = await startPostfix(context, {}, { chroot: true })
    const folder = join(postfix.queueDirectory, 'mapgate')
    await mkdir(folder, { mode: 0o755 })
    await startGateway(context, join(folder, 'socketmap'))
    const absolute = await startPostfix(context, access(join(folder, 'socketmap')), { chroot: true })
    const session = await openSmtpSession(context, absolute.smtpPort)
    const { recipients } = await session.send('x@b.example', ['open@a.example'], 'chroot')
    expect(recipients.map(({ code }) => code)).toEqual([451])
  })
})
