/**
 * Splits the text of an event stream into events.
 *
 * Only what mapgate sends: `event`, `data`, comments, lines ended by LF. No `id`, no `retry`.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.
 */

interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** Longest event, in characters; a stream that sends more is not mapgate's. Ours: a point of 50 tables has a tenth. */
const MAX_EVENT_LENGTH = 1_000_000

export class EventParser {
  #rest = ''

  /** @returns Every event that is complete with this text. Throws when none ends within {@link MAX_EVENT_LENGTH}. */
  push(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    if (this.#rest.length > MAX_EVENT_LENGTH) throw new RangeError('an event without an end')
    return blocks.map(readBlock).filter((event) => event !== undefined)
  }
}

function readBlock(block: string): ServerEvent | undefined {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    const value = line.slice(at + 1).replace(/^ /, '')
    if (line.startsWith('event:')) event = value
    if (line.startsWith('data:')) data.push(value)
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') }
}
