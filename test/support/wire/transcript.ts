/**
 * Conversations written as documents that a mail administrator can review.
 *
 *   ## A sentence that is the test's title
 *
 *       C request        framed by the runner: a netstring, or a line
 *       S reply          framed likewise
 *       C! bytes         sent as they stand
 *       X                the server closes the connection
 *
 * `\s` is a space where an editor would drop it, `\n` a newline, `\xNN` a byte, `\\` a backslash.
 * `{NUMBER*TEXT}` repeats a text.
 */
import { readFileSync } from 'node:fs'

export interface Conversation {
  readonly title: string
  readonly sent: Buffer
  readonly expected: Buffer
  readonly closes: boolean
}

/** Puts the bytes of one request or reply into a frame. */
export type Frame = (payload: Buffer) => Buffer

export const netstringFrame: Frame = (payload) =>
  Buffer.concat([Buffer.from(`${payload.length}:`), payload, Buffer.from(',')])

export const lineFrame: Frame = (payload) => Buffer.concat([payload, Buffer.from('\n')])

export const crlfFrame: Frame = (payload) => Buffer.concat([payload, Buffer.from('\r\n')])

/** `|` stands for a NUL. */
export const nulFrame: Frame = (payload) =>
  Buffer.from(payload.toString('latin1').replaceAll('|', '\0'), 'latin1')

/** Reads every conversation of a document. */
export function readTranscript(file: URL, frame: Frame): Conversation[] {
  const [, ...sections] = readFileSync(file, 'utf8').split(/^## /m)
  return sections.map((section) => conversation(section, frame))
}

function conversation(section: string, frame: Frame): Conversation {
  const sent: Buffer[] = []
  const expected: Buffer[] = []
  let closes = false
  const [title = '', ...lines] = section.split('\n')
  for (const line of lines) {
    const [, kind, text = ''] = /^ {4}(C!|C|S|X)(?: (.*))?$/.exec(line) ?? []
    if (kind === 'C') sent.push(frame(bytesOf(text)))
    if (kind === 'C!') sent.push(bytesOf(text))
    if (kind === 'S') expected.push(frame(bytesOf(text)))
    if (kind === 'X') closes = true
  }
  return { title: title.trim(), sent: Buffer.concat(sent), expected: Buffer.concat(expected), closes }
}

function bytesOf(text: string): Buffer {
  const repeated = text.replace(/\{(\d+)\*([^}]*)\}/g, (_, count, unit) => unit.repeat(Number(count)))
  const parts = repeated.split(/(\\x[0-9a-f]{2}|\\s|\\n|\\r|\\\\)/)
  return Buffer.concat(parts.map((part, index) => (index % 2 === 0 ? Buffer.from(part) : escaped(part))))
}

function escaped(part: string): Buffer {
  if (part.startsWith('\\x')) return Buffer.from(part.slice(2), 'hex')
  return Buffer.from({ '\\s': ' ', '\\n': '\n', '\\r': '\r' }[part] ?? '\\')
}
