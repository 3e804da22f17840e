/**
 * An SMTP client for tests: sends any command, gives every reply with its code, and can send many
 * commands in one write (RFC 2920), so that hundreds of recipients take one round trip.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Cleanup } from '../http/http-service.ts'

export interface SmtpReply {
  readonly code: number
  /** The last line, with its code. */
  readonly text: string
}

/** What became of one message. */
export interface Sent {
  /** One per recipient, in order; empty when the sender was refused. */
  readonly recipients: readonly SmtpReply[]
  /** The reply to the message, or to the sender that was refused; undefined when no recipient was accepted. */
  readonly message: SmtpReply | undefined
}

/** Opens a session and says EHLO. It is closed with the test. */
export async function openSmtpSession(cleanup: Cleanup, port: number): Promise<SmtpSession> {
  const socket = connect(port, '127.0.0.1')
  cleanup.onTestFinished(() => {
    socket.destroy()
  })
  const session = new SmtpSession(socket)
  await session.reply()
  await session.command('EHLO client.example')
  return session
}

export class SmtpSession {
  #socket: Socket
  readonly #waiting: { resolve(reply: SmtpReply): void; reject(error: Error): void }[] = []
  readonly #replies: SmtpReply[] = []
  #text = ''
  #ended: Error | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#listen(socket)
  }

  /** Goes on over TLS (RFC 3207); the certificate is not looked at. */
  async startTls(): Promise<void> {
    const { code, text } = await this.command('STARTTLS')
    if (code !== 220) throw new Error(`no TLS: ${text}`)
    this.#socket.removeAllListeners('data')
    const secure = connectTls({ socket: this.#socket, rejectUnauthorized: false })
    this.#listen(secure)
    await once(secure, 'secureConnect')
    this.#socket = secure
    await this.command('EHLO client.example')
  }

  /**
   * Logs in with these messages, the first with the command, the others as answers to challenges.
   *
   * @returns The last reply: 235, 535, 454.
   */
  async login(mechanism: string, ...messages: readonly string[]): Promise<SmtpReply> {
    const [first, ...others] = messages.map((message) => Buffer.from(message).toString('base64'))
    let reply = await this.command(first === undefined ? `AUTH ${mechanism}` : `AUTH ${mechanism} ${first}`)
    for (const message of others) if (reply.code === 334) reply = await this.command(message)
    return reply
  }

  /** The next reply. */
  reply(): Promise<SmtpReply> {
    const ready = this.#replies.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Sends one command; with `latin1` each character is a byte. */
  async command(line: string, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<SmtpReply> {
    this.#socket.write(`${line}\r\n`, encoding)
    return this.reply()
  }

  /** Sends many commands in one write, none of them DATA. */
  async commands(lines: readonly string[]): Promise<readonly SmtpReply[]> {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''))
    const replies: SmtpReply[] = []
    for (let i = 0; i < lines.length; i++) replies.push(await this.reply())
    return replies
  }

  /** Sends one message to all these recipients. The session can be used again after it. */
  async send(from: string, to: readonly string[], subject: string): Promise<Sent> {
    const [sender, ...recipients] = await this.commands([
      `MAIL FROM:<${from}>`,
      ...to.map((address) => `RCPT TO:<${address}>`),
    ])
    if (sender?.code !== 250) {
      await this.command('RSET')
      return { recipients: [], message: sender }
    }
    if (!recipients.some(({ code }) => code === 250)) {
      await this.command('RSET')
      return { recipients, message: undefined }
    }
    const data = await this.command('DATA')
    if (data.code !== 354) return { recipients, message: data }
    return { recipients, message: await this.command(`Subject: ${subject}\r\n\r\ntext\r\n.`) }
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk) => this.#read(chunk.toString()))
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(new Error('the SMTP connection was closed')))
  }

  #read(text: string): void {
    this.#text += text
    for (let end = this.#text.indexOf('\r\n'); end !== -1; end = this.#text.indexOf('\r\n')) {
      const line = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + 2)
      // `250-` goes on, `250 ` is the last line of a reply.
      if (line.charAt(3) === '-') continue
      const reply: SmtpReply = { code: Number(line.slice(0, 3)), text: line }
      const next = this.#waiting.shift()
      if (next === undefined) this.#replies.push(reply)
      else next.resolve(reply)
    }
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
