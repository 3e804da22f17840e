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
import { DEFECT } from '../core/result.ts'
import type { Conversation, Greeting, PassStep, Reply, SpecialReply } from '../protocols/protocol.ts'
import { answer, encode, nextStep, type Result } from './answer.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { ListenerContext } from './context.ts'
import type { SessionError } from './errors.ts'
import { REPLY_TIMEOUT_MS, REQUEST_TIMEOUT_MS, STALLED_AFTER_MS } from './limits.ts'
import { Relay } from './relay.ts'
import type { Answered } from './reply-batch.ts'

/** The state of one connection. */
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

/** No more than a text. */
function isPlain({ close, delayMs, bytes }: Exclude<Reply, string>): boolean {
  return close !== true && delayMs === undefined && bytes === undefined
}

export class Session implements Answered, ConnectionOwner {
  /** The client's address; '' for a unix socket. */
  readonly address: string
  /** Grows with every read of the listener's connections: the smallest idle one is idle longest. */
  lastActivity = 0
  readonly #connection: Connection
  readonly #context: ListenerContext
  readonly #conversation: Conversation
  readonly #activity: () => number
  /** Made when a request is passed on. */
  #relay: Relay | undefined
  #state: State = 'reading'
  /** The client has ended its side, or the program stops: end ours as soon as all is answered. */
  #leaving = false
  /** When the unfinished request was begun, monotonic ms. */
  #begunMs = 0
  /** Of the lookup that was waited for, until it is written. */
  #result: Result | undefined
  /** Runs while the greeting waits for the client's silence. */
  #greetingTimer: Timer | undefined

  constructor(socket: Socket, address: string, context: ListenerContext, activity: () => number) {
    this.address = address
    this.#context = context
    this.#activity = activity
    this.#conversation = context.protocol.accept(context)
    this.lastActivity = activity()
    this.#connection = new Connection(socket, context.clock, this)
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
    this.#connection.destroy()
  }

  /** Closes at once, whatever is under way. */
  destroy(): void {
    this.#connection.destroy()
  }

  received(chunk: Buffer): void {
    if (this.#state === 'closing') return
    this.lastActivity = this.#activity()
    if (this.#greetingTimer !== undefined) this.#stopGreeting()
    this.#conversation.push(chunk)
    if (this.#state === 'reading') this.#serve('')
    else this.#connection.pause()
  }

  #greet({ text, whenSilentForMs }: Greeting): void {
    if (whenSilentForMs === undefined) {
      this.#connection.write(text)
      return
    }
    const { clock } = this.#context
    this.#greetingTimer = clock.after(whenSilentForMs, () => {
      // A busy program may come here before it has read what arrived in time: one more turn, in which it is read.
      this.#greetingTimer = clock.afterTurn(() => {
        this.#greetingTimer = undefined
        this.#connection.write(text)
      })
    })
  }

  /** Answers what the conversation has got, until it needs more, a lookup takes time, or the turn is over. */
  #serve(ready: string): void {
    this.#state = 'serving'
    let replies = ready
    const { requests, replyChars } = this.#context.share
    for (let n = 0; n < requests && replies.length < replyChars; n++) {
      const step = nextStep(this.#context, this.#conversation)
      if (step.kind === 'more') {
        this.#rest(replies)
        return
      }
      this.#connection.stopTimer()
      if (step.kind === 'violation') {
        if (step.error !== '') this.#context.observer.protocolError(step.error)
        this.#end(step.text === undefined ? replies : replies + step.text)
        return
      }
      if (step.kind === 'pass') {
        this.#finishLater(replies, this.#pass(step))
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
    setImmediate(Session.#nextTurn, this)
  }

  /** A reply that ends the connection, or is held back. */
  #sendSpecial(replies: string, { text, bytes, close = false, delayMs = 0 }: SpecialReply): void {
    if (bytes !== undefined) {
      this.#connection.write(replies + text)
      this.#connection.writeBytes(bytes)
      this.#continue('')
    } else if (delayMs > 0) {
      this.#state = 'delaying'
      this.#connection.write(replies)
      this.#connection.after(delayMs, () => this.#sendSpecial('', { text, close }))
    } else if (close && replies + text === '' && !this.#connection.hasUnsent) {
      // Not half: smtpd connects again at once only where it can no longer write (xsasl_dovecot_server.c).
      this.#state = 'closing'
      this.#connection.destroy()
    } else if (close) this.#end(replies + text)
    else this.#continue(replies + text)
  }

  #pass(step: PassStep): Promise<Result> {
    this.#relay ??= new Relay(this.#context.clock, this.#context.passed)
    return this.#relay.pass(step)
  }

  #finishLater(replies: string, result: Promise<Result>): void {
    this.#state = 'asking'
    this.#connection.write(replies)
    result.then(
      (result) => this.#answered(result),
      (error) => {
        this.#context.observer.defect(error)
        this.#answered(DEFECT)
      },
    )
  }

  #answered(result: Result): void {
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
    if (this.#connection.hasUnsent) this.#send(reply)
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
    if (this.#conversation.hasBegun && !this.#connection.hasTimer) {
      this.#begunMs = this.#context.clock.monotonicMs()
      this.#connection.limit(REQUEST_TIMEOUT_MS, 'request-timeout')
    }
    this.#connection.resume()
  }

  /** Sends replies. False when the client must first read them; {@link sent} goes on then. */
  #send(replies: string): boolean {
    if (this.#connection.write(replies)) return true
    this.#state = 'sending'
    this.#connection.limit(REPLY_TIMEOUT_MS, 'reply-timeout')
    return false
  }

  sent(): void {
    if (this.#state !== 'sending' || this.#connection.hasUnsent) return
    this.#connection.stopTimer()
    this.#serve('')
  }

  /** Static, so that an idle connection has no function of its own for it. */
  static #nextTurn(session: Session): void {
    session.#context.share.leave()
    if (session.#state === 'serving') session.#serve('')
  }

  /** Sends the last replies and ends our side. */
  #end(replies: string): void {
    this.#state = 'closing'
    this.#connection.end(replies)
  }

  expired(kind: SessionError | undefined): void {
    if (kind !== undefined) this.#context.observer.protocolError(kind)
    this.#state = 'closing'
  }

  #stopGreeting(): void {
    this.#greetingTimer?.cancel()
    this.#greetingTimer = undefined
  }

  #stopTimers(): void {
    this.#connection.stopTimer()
    this.#stopGreeting()
  }

  closed(): void {
    // Its lookup is counted with its result; that the reply was lost has to be counted, too.
    if (OWING.has(this.#state)) this.#context.observer.protocolError('reply-lost')
    this.#state = 'closed'
    this.#stopTimers()
    this.#relay?.close()
  }
}
