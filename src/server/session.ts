/**
 * One connection of a mail server: bytes in, replies out, in order. The program's main path.
 *
 * One lookup is in flight at a time. Answers at hand go out without a promise, and the replies
 * to one read leave in one write. Nothing is read on while replies are unsent; while a lookup
 * is under way, one more socket read is kept. An idle connection has no timer and no buffer.
 */
import type { Socket } from 'node:net'
import type { Timer } from '../core/clock.ts'
import { DEFECT, type LookupResult } from '../core/result.ts'
import type { Decoder } from '../protocols/protocol.ts'
import { answer, encode, type Service } from './answer.ts'
import { LINGER_MS, REPLY_TIMEOUT_MS, REQUEST_TIMEOUT_MS, STALLED_AFTER_MS } from './limits.ts'
import type { ProtocolErrorKind } from './observer.ts'
import type { Answered } from './reply-batch.ts'

/** Where one connection stands. */
type State =
  | 'reading' // waits for the client
  | 'serving' // takes requests from the decoder
  | 'asking' // waits for a lookup
  | 'sending' // waits for the client to read replies
  | 'closing' // has sent its last reply and ended its side
  | 'closed'

export class Session implements Answered {
  /** The client's address; '' for a unix socket. */
  readonly address: string
  /** Grows with every read of the listener's connections: the smallest idle one is idle longest. */
  lastActivity = 0
  readonly #socket: Socket
  readonly #service: Service
  readonly #decoder: Decoder
  readonly #activity: () => number
  #state: State = 'reading'
  /** Data arrived while it could not be served, so the socket was told to stop. */
  #paused = false
  /** The client has ended its side, or the program stops: end ours as soon as all is answered. */
  #leaving = false
  /** When the unfinished request was begun, monotonic ms. */
  #begunMs = 0
  /** Of the lookup that was waited for, until it is written. */
  #result: LookupResult | undefined
  /** The one limit that runs: to finish a request, to read replies, or to close. */
  #timer: Timer | undefined

  constructor(socket: Socket, address: string, service: Service, activity: () => number) {
    this.#socket = socket
    this.address = address
    this.#service = service
    this.#activity = activity
    this.#decoder = service.protocol.createDecoder()
    this.lastActivity = activity()
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => this.leave())
    socket.on('close', () => this.#onClose())
    // A broken connection is no news: 'close' follows, and nobody is left to be told.
    socket.on('error', () => {})
  }

  /** True while nothing is asked, begun or unsent: such a connection may give way to a new one. */
  get idle(): boolean {
    return this.#state === 'reading' && this.#decoder.pendingBytes === 0
  }

  /** Begun a request that long ago and not finished it, with nothing else asked or unsent. */
  get stalled(): boolean {
    if (this.#state !== 'reading' || this.#decoder.pendingBytes === 0) return false
    return this.#service.clock.monotonicMs() - this.#begunMs >= STALLED_AFTER_MS
  }

  /** Answers what has arrived completely, then ends the connection. */
  leave(): void {
    this.#leaving = true
    if (this.#state === 'reading') this.#rest('')
  }

  /** Closes an idle or stalled connection at once, to make room. */
  shed(): void {
    this.#state = 'closing'
    this.#stopTimer()
    // Nothing is unsent, so this ends in order, and frees the descriptor at once.
    this.#socket.destroy()
  }

  /** Closes at once, whatever is under way. */
  destroy(): void {
    this.#socket.destroy()
  }

  #onData(chunk: Buffer): void {
    if (this.#state === 'closing') return
    this.lastActivity = this.#activity()
    this.#decoder.push(chunk)
    if (this.#state === 'reading') {
      this.#serve('')
    } else {
      this.#paused = true
      this.#socket.pause()
    }
  }

  /** Answers what the decoder holds, until it needs more, a lookup takes time, or the turn is over. */
  #serve(ready: string): void {
    this.#state = 'serving'
    let replies = ready
    const { requests, replyChars } = this.#service.share
    for (let n = 0; n < requests && replies.length < replyChars; n++) {
      const step = this.#decoder.read()
      if (step.kind === 'more') {
        this.#rest(replies)
        return
      }
      this.#stopTimer()
      if (step.kind === 'violation') {
        this.#service.observer.protocolError(step.code)
        this.#end(replies)
        return
      }
      const reply = answer(this.#service, step)
      if (typeof reply !== 'string') {
        this.#finishLater(replies, reply)
        return
      }
      replies += reply
    }
    if (!this.#send(replies)) return
    this.#service.share.waits()
    setImmediate(this.#nextTurn)
  }

  #finishLater(replies: string, result: Promise<LookupResult>): void {
    this.#state = 'asking'
    this.#write(replies)
    result.then(
      (result) => this.#answered(result),
      (error) => {
        this.#service.observer.defect(error)
        this.#answered(DEFECT)
      },
    )
  }

  #answered(result: LookupResult): void {
    this.#result = result
    this.#service.late.add(this)
  }

  /** Replies to the lookup that was waited for, and goes on. */
  sendReply(): void {
    try {
      this.#sendReply()
    } catch (error) {
      // Others wait behind this one; this connection alone suffers.
      this.#service.observer.defect(error)
      this.destroy()
    }
  }

  #sendReply(): void {
    const result = this.#result
    this.#result = undefined
    if (result === undefined || this.#state !== 'asking') return
    const reply = encode(this.#service, result)
    // Earlier replies are unread: no more is asked before they are, so that no more is unsent.
    if (this.#socket.writableLength > 0) this.#send(reply)
    else this.#serve(reply)
  }

  /** All that arrived completely is answered: waits for more, or ends. */
  #rest(replies: string): void {
    if (this.#leaving) {
      this.#end(replies)
      return
    }
    if (!this.#send(replies)) return
    this.#state = 'reading'
    if (this.#decoder.pendingBytes > 0 && this.#timer === undefined) {
      this.#begunMs = this.#service.clock.monotonicMs()
      this.#startTimer(REQUEST_TIMEOUT_MS, 'request-timeout')
    }
    if (this.#paused) {
      this.#paused = false
      this.#socket.resume()
    }
  }

  /** Sends replies. False when the client must first read them; {@link #onSent} goes on then. */
  #send(replies: string): boolean {
    this.#write(replies)
    if (this.#socket.writableLength === 0) return true
    this.#state = 'sending'
    this.#stopTimer()
    this.#startTimer(REPLY_TIMEOUT_MS, 'reply-timeout')
    return false
  }

  #write(replies: string): void {
    // UTF-8 is the default; said aloud, Node.js checks its name at each write.
    if (replies !== '') this.#socket.write(replies, this.#onSent)
  }

  /** One for all writes of the connection, so that a write makes no closure. */
  readonly #onSent = (): void => {
    if (this.#state !== 'sending' || this.#socket.writableLength > 0) return
    this.#stopTimer()
    this.#serve('')
  }

  readonly #nextTurn = (): void => {
    this.#service.share.goesOn()
    if (this.#state === 'serving') this.#serve('')
  }

  /** Sends the last replies and ends our side; what still comes in is dropped. */
  #end(replies: string): void {
    this.#state = 'closing'
    this.#stopTimer()
    if (replies === '') this.#socket.end()
    else this.#socket.end(replies, 'utf8')
    this.#socket.resume()
    if (this.#socket.writableLength > 0) this.#startTimer(REPLY_TIMEOUT_MS, 'reply-timeout')
    else this.#startTimer(LINGER_MS, undefined)
  }

  #startTimer(delayMs: number, kind: ProtocolErrorKind | undefined): void {
    this.#timer = this.#service.clock.after(delayMs, () => {
      if (kind !== undefined) this.#service.observer.protocolError(kind)
      this.#socket.destroy()
    })
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #onClose(): void {
    this.#state = 'closed'
    this.#stopTimer()
  }
}
