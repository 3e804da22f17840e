/**
 * An LMTP server that takes every message and remembers its envelope: where a test with a real
 * Postfix sees what was delivered to whom.
 *
 * Speaks just what lmtp(8) says (RFC 2033), because the smtp-server package refuses addresses such
 * as `"b c"@a.example`, which Postfix delivers.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Cleanup } from '../http/http-service.ts'

/** One delivered message. */
export interface Delivery {
  readonly from: string
  /** Envelope recipients as they stood in RCPT TO, in the order of the session. */
  readonly to: readonly string[]
  readonly subject: string
}

export interface LmtpSink {
  readonly port: number
  readonly deliveries: readonly Delivery[]
  /**
   * Waits until `count` recipients got a message with this subject.
   *
   * @returns All of them, sorted.
   */
  recipientsOf(subject: string, count: number): Promise<readonly string[]>
}

/** Ms to wait for mail. Ours: deferred mail comes after a few seconds on a busy machine. */
const WAIT_MS = 30_000

/**
 * Starts a sink on a free loopback port, and ends it with the test.
 *
 * @param refuses Recipients that it does not know.
 */
export async function startLmtpSink(
  cleanup: Cleanup,
  refuses: (address: string) => boolean = () => false,
): Promise<LmtpSink> {
  const deliveries: Delivery[] = []
  const waiting = new Set<() => void>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, refuses, (delivery) => {
      deliveries.push(delivery)
      for (const look of waiting) look()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  })

  const recipients = (subject: string): string[] =>
    deliveries
      .filter((one) => one.subject === subject)
      .flatMap((one) => one.to)
      .sort()
  return {
    port: (server.address() as AddressInfo).port,
    deliveries,
    recipientsOf: (subject, count) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(
            new Error(`${subject}: waited for ${count} recipients, got: ${recipients(subject).join(' ')}`),
          )
        }, WAIT_MS)
        function look(): void {
          const found = recipients(subject)
          if (found.length < count) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** One session. Commands may come many in one packet (RFC 2920). */
function serve(
  socket: Socket,
  refuses: (address: string) => boolean,
  delivered: (delivery: Delivery) => void,
): void {
  let from = ''
  let to: string[] = []
  let message: string[] | undefined
  const say = (line: string): void => {
    socket.write(`${line}\r\n`)
  }

  const read = (line: string): void => {
    if (message === undefined) {
      command(line)
      return
    }
    if (line !== '.') {
      message.push(line)
      return
    }
    delivered({ from, to, subject: subjectOf(message) })
    // LMTP answers the message once per recipient.
    for (const _ of to) say('250 2.0.0 taken')
    message = undefined
    to = []
  }

  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'LHLO') say('250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING')
    else if (verb === 'DATA' && to.length === 0) say('503 5.5.1 no valid recipients')
    else if (verb === 'RCPT' && refuses(pathIn(line))) say('550 5.1.1 unknown user')
    else if (verb === 'DATA') {
      message = []
      say('354 go on')
    } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n')
    else {
      if (verb === 'MAIL') from = pathIn(line)
      if (verb === 'RCPT') to.push(pathIn(line))
      if (verb === 'RSET') to = []
      say('250 2.0.0 ok')
    }
  }

  let text = ''
  socket.on('error', () => {}) // the test has ended the other side
  socket.on('data', (chunk) => {
    text += chunk.toString()
    for (let end = text.indexOf('\r\n'); end !== -1; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 2)
      read(line)
    }
  })
  say('220 sink LMTP')
}

/** What stands between the outer angle brackets. */
function pathIn(line: string): string {
  return line.slice(line.indexOf('<') + 1, line.lastIndexOf('>'))
}

function subjectOf(message: readonly string[]): string {
  return message.find((line) => /^subject: /i.test(line))?.slice('subject: '.length) ?? ''
}
