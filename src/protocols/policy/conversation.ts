/**
 * The policy delegation protocol, server side: what a request asks, and how a result is replied.
 *
 *   request   1*( name "=" value NL ) NL      `request=smtpd_access_policy` among them
 *   reply     "action=" TEXT NL NL
 *
 * A reply is one write, and TEXT is checked: smtpd(8) takes an empty action for a permission, waits 100 s for a line end
 * that has a carriage return before it, and reads what follows another line end as the reply to its next request.
 * Every request gets an action: a connection that is closed instead costs a second, and the same question comes again.
 *
 * Source: SMTPD_POLICY_README. Peer: Postfix `src/smtpd/smtpd_check.c` (check_policy_service)
 */
import { Attributes } from '../../core/attributes.ts'
import { permanentFor, type ReasonEntry, temporaryFor } from '../../core/reason.ts'
import { type Found, found, type LookupResult, NOT_FOUND, unreachable } from '../../core/result.ts'
import { BlockDecoder } from '../framing/block.ts'
import { MAX_REQUEST_BYTES } from '../framing/frame.ts'
import { type AcceptedBy, type Conversation, MORE_STEP, type ReplyStep, type Step } from '../protocol.ts'
import { TOO_LONG } from '../undeliverable.ts'
import { type ActionKind, readAction } from './actions.ts'
import { unknownIn } from './attributes.ts'
import { POLICY_REASONS } from './reasons.ts'

/** The word in the configuration, and the label. */
export const NAME = 'policy'

export interface PolicySettings {
  /** The one table of the listener: the protocol has no table name. */
  readonly table: string
}

/** What a client is told when nobody knows: nothing is let in by it, and a rejection that is due comes all the same. */
export const UNKNOWN_ACTION = 'DEFER_IF_PERMIT 4.3.0 The policy service does not answer; try again later'

/** Most attributes of a request. Ours: Postfix 3.12 sends 32. */
const MAX_ATTRIBUTES = 100

const NAME_OF_ATTRIBUTE = /^[a-z][a-z0-9_]*$/

/** The one kind of request that there is. */
const SMTPD_REQUEST = 'smtpd_access_policy'

const UNKNOWN_REPLY = encodeAction(UNKNOWN_ACTION)
const DUNNO_REPLY = encodeAction('DUNNO')
const NO_REQUEST = refusal('bad-request', POLICY_REASONS.noRequest)
const REQUEST_TOO_LONG = refusal('request-limit', POLICY_REASONS.requestTooLong)

const NOT_AN_ACTION = temporaryFor(POLICY_REASONS.notAnAction)

export class PolicyConversation implements Conversation {
  readonly #listener: AcceptedBy<PolicySettings>
  readonly #decoder = new BlockDecoder(MAX_REQUEST_BYTES)

  constructor(listener: AcceptedBy<PolicySettings>) {
    this.#listener = listener
  }

  get hasBegun(): boolean {
    return this.#decoder.pendingBytes > 0
  }

  push(chunk: Buffer): void {
    this.#decoder.push(chunk)
  }

  next(): Step {
    const step = this.#decoder.read()
    if (step.kind === 'frame') return this.#request(step.payload)
    return step.kind === 'skipped' ? REQUEST_TOO_LONG : MORE_STEP
  }

  deliverable(result: Found): LookupResult {
    const action = readAction(result.value)
    if (action === 'too-long') return TOO_LONG
    if (action === 'not-an-action') return NOT_AN_ACTION
    // It is what "not found" is told as, and so it is counted as that.
    if (action.kind === 'dunno') return NOT_FOUND
    return action.text === result.value ? result : found(action.text)
  }

  reply(result: LookupResult): string {
    switch (result.kind) {
      case 'found': {
        const told = this.deliverable(result)
        return told.kind === 'found' ? encodeAction(told.value) : this.reply(told)
      }
      case 'notfound':
        return DUNNO_REPLY
      case 'temporary':
      case 'permanent':
        return UNKNOWN_REPLY
      default:
        return unreachable(result)
    }
  }

  replyKind(result: LookupResult): ActionKind {
    if (result.kind === 'notfound') return 'dunno'
    const action = result.kind === 'found' ? readAction(result.value) : 'not-an-action'
    return typeof action === 'string' ? 'unknown' : action.kind
  }

  #request(block: Buffer): Step {
    const attributes = readAttributes(block)
    if (attributes === 'too-many') return REQUEST_TOO_LONG
    if (attributes?.get('request')?.toString() !== SMTPD_REQUEST) return NO_REQUEST
    const { table } = this.#listener.settings
    const recipient = attributes.get('recipient') ?? NOTHING
    const shown = Array.from(attributes, ([name, value]) => [name, value.toString('utf8')] as const)
    return {
      kind: 'ask',
      protocol: NAME,
      table,
      // What the request is called in logs: at some stages there is no recipient.
      key: recipient.length > 0 ? recipient : (attributes.get('sender') ?? NOTHING),
      attributes: new Attributes(shown, [], unknownIn(shown)),
      client: this,
    }
  }
}

const NOTHING = Buffer.alloc(0)
const EQUALS = 0x3d
const NEWLINE = 0x0a

/** By name; the value begins behind the first `=`. Undefined for what is no list of attributes. */
function readAttributes(block: Buffer): ReadonlyMap<string, Buffer> | 'too-many' | undefined {
  const attributes = new Map<string, Buffer>()
  for (let start = 0; start < block.length; ) {
    const end = endOfLine(block, start)
    const equals = block.indexOf(EQUALS, start)
    if (equals === -1 || equals > end) return undefined
    const name = block.toString('latin1', start, equals)
    if (!NAME_OF_ATTRIBUTE.test(name)) return undefined
    attributes.set(name, block.subarray(equals + 1, end))
    if (attributes.size > MAX_ATTRIBUTES) return 'too-many'
    start = end + 1
  }
  return attributes
}

function endOfLine(block: Buffer, start: number): number {
  const end = block.indexOf(NEWLINE, start)
  return end === -1 ? block.length : end
}

function encodeAction(action: string): string {
  return `action=${action}\n\n`
}

/** A request that was meant as one. */
function refusal(error: string, entry: ReasonEntry<'bad-request'>): ReplyStep {
  return { kind: 'reply', text: UNKNOWN_REPLY, error, result: permanentFor(entry) }
}
