/**
 * The socketmap protocol, server side: what a request asks, and how a result is replied.
 *
 *   request   11:virtual a@b,      NAME SP KEY, the key may be empty and may hold spaces
 *   reply     7:OK text,   9:NOTFOUND ,   TEMP reason   TIMEOUT reason   PERM reason
 *
 * Source: socketmap_table(5). Peer: Postfix `src/util/dict_sockmap.c` (dict_sockmap_lookup)
 */
// The global of this name is a getter: it costs more than counting the bytes.
import { Buffer } from 'node:buffer'
import { permanentFor } from '../../core/reason.ts'
import { type Found, type LookupResult, MAX_REASON_BYTES, unreachable } from '../../core/result.ts'
import { find } from '../framing/find.ts'
import { MAX_REQUEST_BYTES, type Violation } from '../framing/frame.ts'
import { NetstringDecoder, netstring } from '../framing/netstring.ts'
import { type Conversation, MORE_STEP, type ReplyStep, type Step, type ViolationStep } from '../protocol.ts'
import { undeliverable } from '../undeliverable.ts'
import { SOCKETMAP_REASONS } from './reasons.ts'

/** The word in the configuration, and the label. */
export const NAME = 'socketmap'

/**
 * Longest reply payload that the Postfix client reads, in bytes, `OK ` counted.
 * Source: Postfix `src/util/dict_sockmap.c`, DICT_SOCKMAP_DEF_MAX_REPLY; a setting since 3.10.
 */
export const MAX_REPLY_PAYLOAD_BYTES = 100_000

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const LETTER_A = 0x61
const LETTER_Z = 0x7a

/** Longest value that fits a reply, in bytes. */
const MAX_VALUE_BYTES = MAX_REPLY_PAYLOAD_BYTES - 'OK '.length

/** Values of up to this many UTF-16 units fit whatever is in them: UTF-8 has at most three bytes for each. */
const ALWAYS_FITS = Math.floor(MAX_VALUE_BYTES / 3)

const NO_KEY = permanentFor(SOCKETMAP_REASONS.noKey)

/** For somebody who types: Postfix never begins with a letter, nor ends anything with a line end. */
const NO_NETSTRING = permanentFor(SOCKETMAP_REASONS.noNetstring)

// The space belongs to the reply: Postfix before 3.7 takes a status without it for malformed.
const NOT_FOUND_REPLY = netstring('NOTFOUND ')

/** Who asks. Sendmail takes PERM for "no match" (sendmail/map.c, socket_map_lookup: EX_UNAVAILABLE), so that it gets TEMP. */
interface SocketmapListener {
  readonly settings: { readonly client: 'postfix' | 'sendmail' }
}

const FOR_POSTFIX: SocketmapListener = { settings: { client: 'postfix' } }

const PERMANENT = { postfix: 'PERM', sendmail: 'TEMP' } as const

const NO_KEY_STEPS = { postfix: noKeyStep('PERM'), sendmail: noKeyStep('TEMP') } as const

function noKeyStep(status: 'PERM' | 'TEMP'): ReplyStep {
  return { kind: 'reply', text: encodeReason(status, NO_KEY.reason), error: 'bad-request', result: NO_KEY }
}

export class SocketmapConversation implements Conversation {
  readonly #decoder = new NetstringDecoder(MAX_REQUEST_BYTES)
  /**
   * The table name of the last request: most requests name the same table as the one before, and to compare its
   * few bytes is cheaper than to make the text again.
   */
  #lastTable = ''
  readonly #listener: SocketmapListener

  /** @param listener Its settings may change while the connection is open. */
  constructor(listener: SocketmapListener = FOR_POSTFIX) {
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
    return step.kind === 'violation' ? violationOf(step, this.#lastTable !== '') : MORE_STEP
  }

  /** A value is sent whole or not at all: a cut one would deliver mail to somewhere else. */
  deliverable(result: Found): LookupResult {
    const { value } = result
    // Nearly every value is short enough, whatever it holds.
    if (value !== '' && value.length <= ALWAYS_FITS) return result
    return valueBytes(result.value) === undefined ? undeliverable(result.value) : result
  }

  reply(result: LookupResult): string {
    switch (result.kind) {
      case 'found': {
        const bytes = valueBytes(result.value)
        if (bytes === undefined) return encodeReason('TEMP', undeliverable(result.value).reason)
        return `${bytes + 'OK '.length}:OK ${result.value},`
      }
      case 'notfound':
        return NOT_FOUND_REPLY
      case 'temporary':
        return encodeReason(result.cause === 'timeout' ? 'TIMEOUT' : 'TEMP', result.reason)
      case 'permanent':
        return encodeReason(PERMANENT[this.#listener.settings.client], result.reason)
      default:
        return unreachable(result)
    }
  }

  /** Splits a request at its first space only: a key may hold more of them. */
  #request(payload: Buffer): Step {
    let space = 0
    while (space < payload.length && payload[space] === this.#lastTable.charCodeAt(space)) space++
    if (space !== this.#lastTable.length || payload[space] !== SPACE) {
      space = find(payload, SPACE, 0)
      if (space === payload.length) return NO_KEY_STEPS[this.#listener.settings.client]
      // Latin-1 keeps every byte apart, so that no odd byte can turn into the name of a table.
      this.#lastTable = payload.toString('latin1', 0, space)
    }
    return {
      kind: 'ask',
      protocol: NAME,
      table: this.#lastTable,
      key: payload.subarray(space + 1),
      client: this,
    }
  }
}

/** The bytes of a value; undefined when the client would not read it. */
function valueBytes(value: string): number | undefined {
  if (value === '') return undefined
  const bytes = Buffer.byteLength(value)
  return bytes > MAX_VALUE_BYTES ? undefined : bytes
}

/** @param hasAsked Whether a request came before it: that is no person who types, and gets no reply that nobody asked for. */
function violationOf({ code, offset, byte }: Violation, hasAsked: boolean): ViolationStep {
  const isLetter = offset === 0 && (byte | 0x20) >= LETTER_A && (byte | 0x20) <= LETTER_Z
  const isTyped = !hasAsked && (isLetter || byte === NEWLINE || byte === CARRIAGE_RETURN)
  return isTyped
    ? { kind: 'violation', error: code, text: encodeReason('PERM', NO_NETSTRING.reason) }
    : { kind: 'violation', error: code }
}

function encodeReason(status: 'TEMP' | 'TIMEOUT' | 'PERM', reason: string): string {
  return netstring(`${status} ${reason.slice(0, MAX_REASON_BYTES)}`)
}
