/**
 * The Dovecot authentication protocol, server side, as smtpd(8) speaks it: the grammar is in `messages.ts`.
 *
 * smtpd knows one temporary failure, a connection that is closed in the place of a reply: whatever FAIL says besides, it
 * answers 535, and a mail program throws the password away. An OK with an empty user lets everybody relay. Without the
 * handshake smtpd ends and takes no mail at all, so it comes whether the service answers or not.
 *
 * Peer: Postfix `src/xsasl/xsasl_dovecot_server.c`, `src/smtpd/smtpd_sasl_glue.c`
 */
import { Attributes } from '../../core/attributes.ts'
import { permanentFor, temporaryFor } from '../../core/reason.ts'
import { type Found, type LookupResult, NOT_FOUND, unreachable } from '../../core/result.ts'
import { LineDecoder } from '../framing/line.ts'
import {
  type AcceptedBy,
  type Conversation,
  type Greeting,
  MORE_STEP,
  type Reply,
  type ReplyStep,
  type Step,
} from '../protocol.ts'
import { EMPTY, TOO_LONG } from '../undeliverable.ts'
import { failuresOf, type LoginFailures } from './failures.ts'
import {
  type Credentials,
  MECHANISMS,
  type Mechanism,
  type MechanismName,
  mechanismName,
} from './mechanisms.ts'
import {
  type AuthRequest,
  challenge,
  failure,
  handshake,
  readAuth,
  readResponse,
  success,
} from './messages.ts'
import { SASL_REASONS } from './reasons.ts'

/** The word in the configuration, and the label. */
export const NAME = 'sasl'

export interface SaslSettings {
  /** The one table of the listener: the protocol has no table name. */
  readonly table: string
  /** The table of tokens, where it is another. */
  readonly tokenTable?: string | undefined
  /** In the order in which they are offered. */
  readonly mechanisms: readonly MechanismName[]
  readonly failDelayMs: number
}

/** Longest line, in bytes. Source: smtpd_sasl_response_limit is 12288; ours: room for what is before it. */
const MAX_LINE_BYTES = 16_384

/** Longest user name, in bytes. Source: RFC 3696, erratum 1690: the longest address is 254. Ours: one more. */
const MAX_USER_BYTES = 255

/** The major version that both must speak. */
const MAJOR_VERSION = '1'

const NOT_A_USER = temporaryFor(SASL_REASONS.notAUser)

const NOTHING: ReplyStep = { kind: 'reply', text: '' }
const SKIPPED: ReplyStep = { kind: 'reply', text: '', error: 'bad-request' }
/** A request that cannot be served, and waits for a reply all the same. */
const BAD_AUTH: ReplyStep = {
  kind: 'reply',
  text: '',
  close: true,
  error: 'bad-request',
  result: permanentFor(SASL_REASONS.badAuth),
}
const LINE_TOO_LONG: ReplyStep = {
  kind: 'reply',
  text: '',
  close: true,
  error: 'request-limit',
  result: permanentFor(SASL_REASONS.lineTooLong),
}
/** Nobody knows: the only reply by which smtpd says "try again later". */
const CLOSE: Reply = { text: '', close: true }

/** One login, from its request to its reply. */
interface Login {
  readonly request: AuthRequest
  readonly name: MechanismName
  readonly mechanism: Mechanism
  /** `refused`: its token is, and it is told so when it has answered once more. `over`: it has its reply. */
  stage: 'open' | 'refused' | 'over'
  /** How long its refusal is held back, ms; undefined before it is counted. */
  delayMs: number | undefined
}

export class SaslConversation implements Conversation {
  readonly greeting: Greeting
  readonly #listener: AcceptedBy<SaslSettings>
  readonly #failures: LoginFailures
  readonly #decoder = new LineDecoder(MAX_LINE_BYTES)
  /** The one begun last: one before it that has no reply was given up by its client. */
  #login: Login | undefined

  constructor(listener: AcceptedBy<SaslSettings>) {
    this.#listener = listener
    this.#failures = failuresOf(listener)
    this.greeting = { text: handshake(listener.settings.mechanisms, listener.random) }
  }

  get hasBegun(): boolean {
    return this.#decoder.pendingBytes > 0
  }

  push(chunk: Buffer): void {
    this.#decoder.push(chunk)
  }

  next(): Step {
    const step = this.#decoder.read()
    if (step.kind === 'skipped') return LINE_TOO_LONG
    return step.kind === 'frame' ? this.#line(step.payload.toString('latin1')) : MORE_STEP
  }

  deliverable(result: Found): LookupResult {
    const { value } = result
    if (value === '') return EMPTY
    if (Buffer.byteLength(value) > MAX_USER_BYTES) return TOO_LONG
    // A TAB would begin another field, a line end another reply.
    return /[\x00-\x1f\x7f]/.test(value) ? NOT_A_USER : result
  }

  reply(result: LookupResult): Reply {
    switch (result.kind) {
      case 'found': {
        const told = this.deliverable(result)
        if (told.kind !== 'found') return CLOSE
        if (this.#login !== undefined) {
          this.#login.stage = 'over'
          this.#failures.succeeded(addressOf(this.#login))
        }
        return success(this.#id, told.value)
      }
      case 'notfound':
        return this.#refuse()
      case 'temporary':
      case 'permanent':
        return CLOSE
      default:
        return unreachable(result)
    }
  }

  replyKind({ kind }: LookupResult): string {
    return kind === 'found' ? 'ok' : kind === 'notfound' ? 'fail' : 'closed'
  }

  /** A reply that is only shown belongs to no login. */
  get #id(): string {
    return this.#login?.request.id ?? '1'
  }

  #line(line: string): Step {
    const [command, ...fields] = line.split('\t')
    switch (command) {
      case 'VERSION':
        return fields[0] === MAJOR_VERSION ? NOTHING : { kind: 'violation', error: 'version' }
      case 'CPID':
        return NOTHING
      case 'AUTH':
        return this.#begin(readAuth(fields))
      case 'CONT':
        return this.#continue(fields)
      default:
        return SKIPPED
    }
  }

  #begin(request: AuthRequest | undefined): Step {
    this.#login = undefined
    if (request === undefined) return BAD_AUTH
    const name = mechanismName(request.mechanism)
    // One that a reload has removed: the client reads the list again when it connects again.
    if (name === undefined || !this.#listener.settings.mechanisms.includes(name)) return BAD_AUTH
    const mechanism = MECHANISMS[name].begin()
    const login: Login = { request, name, mechanism, stage: 'open', delayMs: undefined }
    this.#login = login
    // Exim has an empty one where its client sent none; an empty response itself is "=" (RFC 4954 section 4).
    return this.#next(login, request.parameters.get('resp') || undefined)
  }

  #continue([id, response = '']: readonly string[]): Step {
    const login = this.#login
    // Of a login that was given up or has its reply: nobody waits for another.
    if (login === undefined || login.request.id !== id || login.stage === 'over') return SKIPPED
    return login.stage === 'refused' ? this.#refusal(login, undefined) : this.#next(login, response)
  }

  #next(login: Login, response: string | undefined): Step {
    const message = response === undefined ? undefined : readResponse(response)
    if (message === undefined && response !== undefined) return this.#refusal(login, NOT_FOUND)
    const step = login.mechanism.next(message)
    switch (step.kind) {
      case 'challenge':
        return { kind: 'reply', text: challenge(login.request.id, step.challenge) }
      case 'refused':
        return this.#refusal(login, NOT_FOUND)
      case 'credentials':
        return this.#ask(login, step.credentials)
      default:
        return unreachable(step)
    }
  }

  #ask({ name, request: { parameters } }: Login, { user, password, token }: Credentials): Step {
    const shown = [
      ['user', user],
      ['mechanism', name],
      ['service', parameters.get('service') ?? ''],
      ['client_address', parameters.get('rip') ?? ''],
      ['server_address', parameters.get('lip') ?? ''],
      ['secured', parameters.has('secured') ? 'yes' : ''],
    ] as const
    const secret = [
      ['password', password],
      ['token', token],
    ] as const
    const { table, tokenTable = table } = this.#listener.settings
    return {
      kind: 'ask',
      protocol: NAME,
      table: token === '' ? table : tokenTable,
      // What the login is called in logs.
      key: Buffer.from(user),
      // Empty, an address is not known; what else may be empty says so.
      attributes: new Attributes(
        shown,
        secret,
        shown.flatMap(([name, value]) => (value === '' && name.endsWith('_address') ? [name] : [])),
      ),
      client: this,
    }
  }

  /** The service knows these credentials to be wrong. Of a token the client is told why first, and answers. */
  #refuse(): Reply {
    const login = this.#login
    if (login === undefined) return failure(this.#id)
    const { refusal } = MECHANISMS[login.name]
    login.stage = refusal === undefined ? 'over' : 'refused'
    // Counted and held back at once: who knows the answer need not wait for its end.
    const text = refusal === undefined ? failure(this.#id) : challenge(this.#id, refusal)
    return { text, delayMs: this.#delayMs(login) }
  }

  /** @param result Undefined where it has been counted already. */
  #refusal(login: Login, result: LookupResult | undefined): ReplyStep {
    login.stage = 'over'
    const text = failure(login.request.id)
    const delayMs = this.#delayMs(login)
    return { kind: 'reply', text, delayMs, ...(result !== undefined && { result }) }
  }

  #delayMs(login: Login): number {
    login.delayMs ??= this.#failures.failed(addressOf(login)) * this.#listener.settings.failDelayMs
    return login.delayMs
  }
}

function addressOf({ request }: Login): string {
  return request.parameters.get('rip') ?? ''
}
