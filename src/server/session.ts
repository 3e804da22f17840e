/**
 * One connection of a mail server: bytes in, replies out, in order. The program's main path.
 *
 * One lookup is in flight at a time. Answers that are available synchronously go out without a promise, and
 * the replies to one read leave in one write. Nothing is read on while replies are unsent; while a lookup
 * is under way, one more socket read is kept. An idle connection has no timer and no buffer.
 *
 * Of the protocol it knows steps and replies only: what they mean is up to the conversation.
 */
import type { Socket } from 'node:net'
import type { Timer } from '../core/clock.ts'
import { DEFECT, type LookupResult } from '../core/result.ts'
import type { StoreResult } from '../core/store.ts'
import type { Conversation, Greeting, Reply, SpecialReply, Step } from '../protocols/protocol.ts'
import { answer, encode } from './answer.ts'
import type { ListenerContext } from './context.ts'
import type { SessionError } from './errors.ts'
import { LINGER_MS, REPLY_TIMEOUT_MS, REQUEST_TIMEOUT_MS, STALLED_AFTER_MS } from './limits.ts'
import type { Answered } from './reply-batch.ts'

/** Where one connection stands. */
type State =
  | 'reading' // waits for the client
  | 'serving' // takes steps from the conversation
  | 'asking' // waits for a lookup
  | 'delaying' // holds a reply back that is to take time
  | 'sending' // waits for the client to read replies
  | 'closing' // has sent its last reply and ended its side
  | 'closed'

/** States in which the client has not got a reply yet that is due to it. */
const OWING: ReadonlySet<State> = new Set(['asking', 'sending', 'delaying'])

/** The end of a conversation that has a bug: counted as a defect, and not as an error of the client. */
const DEFECT_STEP = { kind: 'violation', error: '' } as const

/** No more than a text. */
function isPlain({ close, delayMs }: Exclude<Reply, string>): boolean {
  return close !== true && delayMs === undefined
}

export class Session implements Answered {
  /** The client's address; '' for a unix socket. */
  readonly address: string
  /** Grows with every read of the listener's connections: the smallest idle one is idle longest. */
  lastActivity = 0
  readonly #socket: Socket
  readonly #context: ListenerContext
  readonly #conversation: Conversation
  readonly #activity: () => number
  #state: State = 'reading'
  /** Data arrived while it could not be served, so the socket was told to stop. */
  #paused = false
  /** The client has ended its side, or the program stops: end ours as soon as all is answered. */
  #leaving = false
  /** When the unfinished request was begun, monotonic ms. */
  #begunMs = 0
  /** Of the lookup that was waited for, until it is written. */
  #result: LookupResult | StoreResult | undefined
  /** Runs while the greeting waits for the client's silence. */
  #greetingTimer: Timer | undefined
  /** The one limit that runs: to finish a request, to read replies, or to close. */
  #timer: Timer | undefined

  constructor(socket: Socket, address: string, context: ListenerContext, activity: () => number) {
    this.#socket = socket
    this.address = address
    this.#context = context
    this.#activity = activity
    this.#conversation = context.protocol.accept(context)
    this.lastActivity = activity()
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => this.leave())
    socket.on('close', () => this.#onClose())
    // A broken connection is no news: 'close' follows, and nobody is left to be told.
    socket.on('error', () => {})
    if (this.#conversation.greeting !== undefined) this.#greet(this.#conversation.greeting)
  }

  /** True while nothing is asked, begun or unsent: such a connection may give way to a new one. */
  get idle(): boolean {
    return this.#state === 'reading' && !this.#conversation.hasBegun
  }

  /** How long ago a request was begun that is not finished, with nothing else asked or unsent, ms; 0 when that is no stall yet. */
  get stalledForMs(): number {
    if (this.#state !== 'reading' || !this.#conversation.hasBegun) return 0
    const begunAgoMs = this.#context.clock.monotonicMs() - this.#begunMs
    return begunAgoMs >= STALLED_AFTER_MS ? begunAgoMs : 0
  }

  /** Answers what has arrived completely, then ends the connection. */
  leave(): void {
    this.#leaving = true
    if (this.#state === 'reading') this.#rest('')
  }

  /** Closes an idle or stalled connection at once, to make room. */
  shed(): void {
    this.#state = 'closing'
    this.#stopTimers()
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
    if (this.#greetingTimer !== undefined) this.#stopGreeting()
    this.#conversation.push(chunk)
    if (this.#state === 'reading') {
      this.#serve('')
    } else {
      this.#paused = true
      this.#socket.pause()
    }
  }

  #greet({ text, whenSilentForMs }: Greeting): void {
    if (whenSilentForMs === undefined) {
      this.#write(text)
      return
    }
    this.#greetingTimer = this.#context.clock.after(whenSilentForMs, () => {
      this.#greetingTimer = undefined
      this.#write(text)
    })
  }

  /** Answers what the conversation has got, until it needs more, a lookup takes time, or the turn is over. */
  #serve(ready: string): void {
    this.#state = 'serving'
    let replies = ready
    const { requests, replyChars } = this.#context.share
    for (let n = 0; n < requests && replies.length < replyChars; n++) {
      const step = this.#next()
      if (step.kind === 'more') {
        this.#rest(replies)
        return
      }
      this.#stopTimer()
      if (step.kind === 'violation') {
        if (step.error !== DEFECT_STEP.error) this.#context.observer.protocolError(step.error)
        this.#end(step.text === undefined ? replies : replies + step.text)
        return
      }
      const reply = answer(this.#context, this.#conversation, step)
      if (typeof reply === 'string') replies += reply
      else if (reply instanceof Promise) {
        this.#finishLater(replies, reply)
        return
      } else if (isPlain(reply)) replies += reply.text
      else {
        this.#sendSpecial(replies, reply)
        return
      }
    }
    if (!this.#send(replies)) return
    this.#context.share.enter()
    setImmediate(this.#nextTurn)
  }

  /** The next step. A bug there leaves nobody knowing where the stream stands: a last reply, and the end. */
  #next(): Step {
    try {
      return this.#conversation.next()
    } catch (error) {
      this.#context.observer.defect(error)
      const reply = this.#conversation.reply(DEFECT)
      return { ...DEFECT_STEP, text: typeof reply === 'string' ? reply : reply.text }
    }
  }

  /** A reply that ends the connection, or is held back. */
  #sendSpecial(replies: string, { text, close = false, delayMs = 0 }: SpecialReply): void {
    if (delayMs > 0) {
      this.#state = 'delaying'
      this.#write(replies)
      this.#timer = this.#context.clock.after(delayMs, () => {
        this.#timer = undefined
        this.#sendSpecial('', { text, close })
      })
    } else if (close) this.#end(replies + text)
    else this.#continue(replies + text)
  }

  #finishLater(replies: string, result: Promise<LookupResult | StoreResult>): void {
    this.#state = 'asking'
    this.#write(replies)
    result.then(
      (result) => this.#answered(result),
      (error) => {
        this.#context.observer.defect(error)
        this.#answered(DEFECT)
      },
    )
  }

  #answered(result: LookupResult | StoreResult): void {
    this.#result = result
    this.#context.batch.add(this)
  }

  /** Replies to the lookup that was waited for, and goes on. */
  sendReply(): void {
    try {
      this.#sendReply()
    } catch (error) {
      // Others wait behind this one; this connection alone suffers.
      this.#context.observer.defect(error)
      this.destroy()
    }
  }

  #sendReply(): void {
    const result = this.#result
    this.#result = undefined
    if (result === undefined || this.#state !== 'asking') return
    const reply = encode(this.#context, this.#conversation, result)
    if (typeof reply === 'string') this.#continue(reply)
    else this.#sendSpecial('', reply)
  }

  /** Goes on behind a reply that was waited for. */
  #continue(reply: string): void {
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
    if (this.#conversation.hasBegun && this.#timer === undefined) {
      this.#begunMs = this.#context.clock.monotonicMs()
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
    this.#context.share.leave()
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

  #startTimer(delayMs: number, kind: SessionError | undefined): void {
    this.#timer = this.#context.clock.after(delayMs, () => {
      if (kind !== undefined) this.#context.observer.protocolError(kind)
      this.#state = 'closing'
      this.#socket.destroy()
    })
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #stopGreeting(): void {
    this.#greetingTimer?.cancel()
    this.#greetingTimer = undefined
  }

  #stopTimers(): void {
    this.#stopTimer()
    this.#stopGreeting()
  }

  #onClose(): void {
    // Its lookup is counted with its result; that the reply was lost has to be counted, too.
    if (OWING.has(this.#state)) this.#context.observer.protocolError('reply-lost')
    this.#state = 'closed'
    this.#stopTimers()
  }
}
