/**
 * The bytes of a reply before undici reads them: interim replies are taken out, and what a head may cost is bounded.
 *
 * A service may send `100 Continue`, `103 Early Hints` and others unasked; a client that does not expect them ignores
 * them (RFC 9110 section 15.2). undici 7 closes the connection over a 100. What follows a `101 Switching Protocols` is no
 * HTTP: the connection ends.
 *
 * undici counts the characters of names and values and keeps two objects for each field, so that 16 KiB of `a:`
 * lines become megabytes: here all bytes count, and the fields.
 */
import { BodyBuffer } from './body-buffer.ts'
import { errors } from './undici.ts'

/** Most bytes of a reply's head, interim replies counted one by one. Source: Node.js, --max-http-header-size. */
export const MAX_HEADER_BYTES = 16_384

/** Most fields of a reply's head. Ours: services send about 20; Node.js reads 2000. */
const MAX_HEADER_FIELDS = 256

const LF = 0x0a
const CR = 0x0d

const HTTP = 'HTTP/'

/** Length of `HTTP/1.1 100`, in bytes: what tells an interim reply. */
const STATUS_LINE_START = 12

const INTERIM = /^HTTP\/\d\.\d 1\d\d$/

/** Watches the heads of one connection's replies. */
export class ReplyHeads {
  /** Bytes of a head that is not complete. */
  readonly #head = new BodyBuffer()
  #awaitsHead = false

  /** A request is about to be sent: a head comes next. */
  expect(): void {
    this.#head.clear()
    this.#awaitsHead = true
  }

  /**
   * Takes what arrived.
   *
   * @returns What undici may read, perhaps nothing yet; or the error that ends the connection.
   */
  take(chunk: Buffer): Buffer | Error {
    if (!this.#awaitsHead) return chunk
    this.#head.append(chunk)
    let bytes = this.#head.content()
    for (;;) {
      bytes = withoutEmptyLines(bytes)
      // What is no HTTP may have no end of a head: undici refuses it.
      if (!beginsAsHttp(bytes)) return this.#pass(bytes)
      const end = endOfHead(bytes)
      if ((end ?? bytes.length) > MAX_HEADER_BYTES) return this.#fail(new errors.HeadersOverflowError())
      if (end === undefined) return this.#keep(bytes)
      if (fieldsIn(bytes, end) > MAX_HEADER_FIELDS) return this.#fail(new errors.HeadersOverflowError())
      const start = bytes.toString('latin1', 0, STATUS_LINE_START)
      if (!INTERIM.test(start)) return this.#pass(bytes)
      if (start.endsWith('101')) return this.#fail(switched(bytes.toString('latin1', 0, end)))
      bytes = bytes.subarray(end)
    }
  }

  #pass(bytes: Buffer): Buffer {
    this.#awaitsHead = false
    this.#head.clear()
    return bytes
  }

  #keep(bytes: Buffer): Buffer {
    if (bytes.length < this.#head.length) {
      this.#head.clear()
      this.#head.append(bytes)
    }
    return EMPTY
  }

  #fail(error: Error): Error {
    this.#pass(EMPTY)
    return error
  }
}

const EMPTY = Buffer.alloc(0)

/** With an Upgrade field the other side really speaks something else from now on; without one it is a broken reply. */
function switched(head: string): Error {
  return /\nupgrade:/i.test(head)
    ? new errors.SocketError('bad upgrade')
    : new errors.HTTPParserError('101 without an Upgrade field')
}

/** Ignored before a status line, as llhttp does. */
function withoutEmptyLines(bytes: Buffer): Buffer {
  let at = 0
  while (bytes[at] === CR || bytes[at] === LF) at++
  return at === 0 ? bytes : bytes.subarray(at)
}

function beginsAsHttp(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, HTTP.length)
  return HTTP.startsWith(start)
}

/** Offset behind the empty line; a line may end with LF alone (RFC 9112 section 2.2). */
function endOfHead(bytes: Buffer): number | undefined {
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    const next = bytes[at + 1] === CR ? at + 2 : at + 1
    if (bytes[next] === LF) return next + 1
  }
  return undefined
}

function fieldsIn(bytes: Buffer, end: number): number {
  let lines = 0
  for (let at = bytes.indexOf(LF); at !== -1 && at < end; at = bytes.indexOf(LF, at + 1)) lines++
  return lines - 2 // the status line and the empty one
}
