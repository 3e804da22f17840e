/**
 * An LMTP server that takes every message and remembers its envelope: where a test with a real
 * Postfix sees what was delivered to whom.
 */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { Cleanup } from './http-service.ts'

/** One delivered message. */
export interface Delivery {
  readonly from: string
  /** Envelope recipients, in the order of the session. */
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

/** Ms that a connection Postfix keeps for later may last when the test has ended. Ours. */
const CLOSE_MS = 50

/** Starts a sink on a free loopback port, and ends it with the test. */
export async function startLmtpSink(cleanup: Cleanup): Promise<LmtpSink> {
  const deliveries: Delivery[] = []
  const waiting = new Set<() => void>()
  const server = new SMTPServer({
    lmtp: true,
    authOptional: true,
    closeTimeout: CLOSE_MS,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        deliveries.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          subject: subjectOf(Buffer.concat(chunks).toString()),
        })
        callback(null)
        for (const look of waiting) look()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))

  const recipients = (subject: string): string[] =>
    deliveries
      .filter((one) => one.subject === subject)
      .flatMap((one) => one.to)
      .sort()
  return {
    port: (server.server.address() as AddressInfo).port,
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

function subjectOf(message: string): string {
  return /^Subject: (.*)$/im.exec(message)?.[1]?.trim() ?? ''
}
