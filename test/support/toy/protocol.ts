/**
 * A protocol that no product has, with everything that a protocol may have: a greeting for who is silent, requests of
 * several attributes of which one is secret, a step before the lookup, changes of tables, a request that another server answers, a reply by the listener's
 * wish, one that is held back, and one that is the end.
 *
 *   S  TOY 1                            when the client has said nothing for 50 ms
 *   C  name=value, one a line, and an empty line; `key` and `user` may be shown, `password` not
 *   S  YES value | NO | LATER: what the listener wishes | nothing, and the end
 *   C  challenge, and an empty line
 *   S  MORE
 *   C  put=key value | forget=key, and an empty line
 *   S  DONE
 *   C  elsewhere=PORT, and an empty line
 *   S  a line that the server at that port replies to this request
 */

import { Attributes } from '../../../src/core/attributes.ts'
import { type Found, found, type LookupResult, notFound, temporary } from '../../../src/core/result.ts'
import type { StoreResult } from '../../../src/core/store/store.ts'
import { parseHostPort } from '../../../src/core/system/address.ts'
import { LineDecoder } from '../../../src/protocols/framing/line.ts'
import type {
  AcceptedBy,
  Conversation,
  Greeting,
  PassedResult,
  PassTarget,
  Protocol,
  Reply,
  Step,
} from '../../../src/protocols/protocol.ts'
import { type Settings, Type } from '../../../src/schema/schema.ts'
import { checkName } from '../../../src/schema/scope.ts'
import { text } from '../../../src/schema/values.ts'

const Listener = Type.Object({
  table: text('The one table.'),
  wish: text('What is said when nobody knows.', { default: 'later' }),
})

export type ToySettings = Settings<typeof Listener>

const MAX_LINE_BYTES = 200
const MAX_VALUE_CHARS = 100
export const NO_DELAY_MS = 2000
export const GREETING_MS = 50

const NO_KEY = temporary('unreadable', 'the request has no key')

const targets = new Map<number, PassTarget>()

/** One target for each port: a connection goes on while it is asked for the same one. */
function targetAt(port: number): PassTarget {
  const known = targets.get(port)
  if (known !== undefined) return known
  const address = { kind: 'inet', host: '127.0.0.1', port } as const
  const target = { address, createDecoder: () => new LineDecoder(MAX_LINE_BYTES) }
  targets.set(port, target)
  return target
}

class ToyConversation implements Conversation {
  readonly greeting: Greeting = { text: 'TOY 1\n', whenSilentForMs: GREETING_MS }
  readonly #listener: AcceptedBy<ToySettings>
  readonly #decoder = new LineDecoder(MAX_LINE_BYTES)
  #lines: string[] = []

  constructor(listener: AcceptedBy<ToySettings>) {
    this.#listener = listener
  }

  get hasBegun(): boolean {
    return this.#lines.length > 0 || this.#decoder.pendingBytes > 0
  }

  push(chunk: Buffer): void {
    this.#decoder.push(chunk)
  }

  next(): Step {
    for (let step = this.#decoder.read(); step.kind !== 'more'; step = this.#decoder.read()) {
      if (step.kind !== 'frame') return { kind: 'violation', error: 'line-limit', text: 'TOO LONG\n' }
      const line = step.payload.toString('latin1')
      if (line !== '') this.#lines.push(line)
      else return this.#request()
    }
    return { kind: 'more' }
  }

  deliverable(result: Found): LookupResult {
    if (result.value === '' || result.value.includes('\n'))
      return temporary('unreadable', 'the value is not one line')
    return result.value.length > MAX_VALUE_CHARS ? temporary('too-long', 'too long for a toy') : result
  }

  reply(result: LookupResult | StoreResult | PassedResult): Reply {
    switch (result.kind) {
      case 'found': {
        const told = this.deliverable(result)
        return told.kind === 'found' ? `YES ${told.value}\n` : this.reply(told)
      }
      case 'notfound':
        return { text: 'NO\n', delayMs: NO_DELAY_MS }
      case 'temporary':
        return `LATER: ${this.#listener.settings.wish}\n`
      case 'permanent':
        return { text: '', close: true }
      case 'done':
        return 'DONE\n'
      case 'entry':
        return `${result.key} ${result.value}\n`
      case 'passed':
        return { text: '', bytes: Buffer.concat([result.bytes, Buffer.from('\n')]) }
    }
  }

  #request(): Step {
    const lines = this.#lines
    this.#lines = []
    const said = new Map(lines.map((line) => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=?/, '')]))
    const { table } = this.#listener.settings
    const [putKey = '', value = ''] = (said.get('put') ?? '').split(' ')
    if (said.has('challenge')) return { kind: 'reply', text: 'MORE\n' }
    const elsewhere = said.get('elsewhere')
    if (elsewhere !== undefined)
      return {
        kind: 'pass',
        target: targetAt(Number(elsewhere)),
        request: Buffer.from(`${lines.join('\n')}\n\n`),
      }
    if (said.has('put'))
      return {
        kind: 'store',
        request: { operation: 'put', table, key: Buffer.from(putKey), value: Buffer.from(value) },
      }
    if (said.has('forget'))
      return {
        kind: 'store',
        request: { operation: 'delete', table, key: Buffer.from(said.get('forget') ?? '') },
      }
    const key = said.get('key')
    if (key === undefined)
      return { kind: 'reply', text: 'LATER: no key\n', error: 'no-key', result: NO_KEY, close: true }
    const shown = [...said].filter(([name]) => name === 'user')
    const secret = [...said].filter(([name]) => name === 'password')
    const attributes = new Attributes(shown, secret)
    return { kind: 'ask', protocol: 'toy', table, key: Buffer.from(key, 'latin1'), attributes, client: this }
  }
}

export const toy: Protocol<ToySettings> = {
  name: 'toy',
  summary: 'attributes, a line each',
  settings: Listener,
  attributes: { shown: ['user'], secret: ['password'], mayBeEmpty: [] },
  outage: {
    stops: 'every toy',
    replies: [
      { word: 'SHRUG', as: 'notFound', does: 'the toy plays on', adviceIf: 'if toys may play alone' },
      { word: 'WAIT', as: 'temporary', does: 'the toy waits' },
    ],
  },
  check({ table, wish }, { scope, tables }) {
    checkName(scope, ['table'], 'table', table, tables)
    if (wish.includes(' '))
      scope.warning(['wish'], { code: 'toy-words', message: 'has more than one word; toys forget them' })
  },
  errors: {
    'no-key': 'A request without a key. Answered, and closed.',
    'line-limit': 'A line that is too long. Closed.',
  },
  example: { table: 'aliases', wish: 'come back' },
  tables: ({ table }) => [table],
  accept: (listener) => new ToyConversation(listener),
  reference: (table, place, { wish }) =>
    place.kind === 'inet'
      ? { kind: 'table', text: `toy:${place.server}`, notes: [`a toy that says ${wish}`] }
      : { kind: 'lines', lines: [`toy_table = ${table.name}`, `toy_path = ${place.path}`] },
  client: {
    scheme: 'toy',
    forms: ['toy:HOST:PORT'],
    parse: (named) => {
      const address = parseHostPort(named.slice('toy:'.length))
      return address.kind === 'invalid' ? address : { address, table: '' }
    },
    isGreeted: true,
    encodeRequest: (_table, key) => Buffer.concat([Buffer.from('key='), key, Buffer.from('\n\n')]),
    createDecoder: () => new LineDecoder(MAX_LINE_BYTES),
    parseReply: (line) => {
      const said = line.toString()
      if (said.startsWith('YES ')) return found(said.slice(4))
      return said === 'NO' ? notFound() : temporary('service', said)
    },
  },
}
