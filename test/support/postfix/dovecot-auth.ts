/**
 * An authentication server for smtpd(8) that lets everybody in under the name that they say, whatever their password:
 * `smtpd_sasl_type = dovecot`.
 *
 * Source: Dovecot's authentication protocol 1.1 as `src/xsasl/xsasl_dovecot_server.c` of Postfix speaks it.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Cleanup } from '../http/http-service.ts'
import type { MainCf } from './files.ts'

/** Starts one on a free loopback port that ends with the test. @returns What main.cf needs for it. */
export async function startDovecotAuth(cleanup: Cleanup): Promise<MainCf> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // the test has ended the other side
    socket.write('VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0\nDONE\n')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
        const reply = replyTo(text.slice(0, end))
        text = text.slice(end + 1)
        if (reply !== undefined) socket.write(reply)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  })
  return {
    smtpd_sasl_auth_enable: 'yes',
    smtpd_sasl_type: 'dovecot',
    smtpd_sasl_path: `inet:127.0.0.1:${(server.address() as AddressInfo).port}`,
  }
}

/** The SMTP command that logs in (RFC 4616). */
export function authPlain(login: string): string {
  return `AUTH PLAIN ${Buffer.from(`\0${login}\0password`).toString('base64')}`
}

function replyTo(line: string): string | undefined {
  const [verb, id, ...parameters] = line.split('\t')
  if (verb !== 'AUTH') return undefined
  const response = parameters.find((parameter) => parameter.startsWith('resp='))?.slice('resp='.length)
  const [, login] = Buffer.from(response ?? '', 'base64')
    .toString()
    .split('\0')
  return login ? `OK\t${id}\tuser=${login}\n` : `FAIL\t${id}\n`
}
