/**
 * Block framing: lines of any bytes, ended by an empty line.
 *
 *   name=value\n
 *   name=value\n
 *   \n
 *
 * Source: SMTPD_POLICY_README, "Protocol description". Peer: Postfix `src/util/attr_scan_plain.c`
 */
import type { Decoder, DecodeStep } from './frame.ts'
import { LineDecoder } from './line.ts'

const NEWLINE = Buffer.from('\n')
const SKIPPED: DecodeStep = Object.freeze({ kind: 'skipped' })

/**
 * Splits a byte stream into blocks: their lines, joined by newlines, without the empty line.
 *
 * A block of more than `maxBlockBytes` is not held: its bytes are dropped as they come, and the step is `skipped` when
 * its empty line has arrived. So a stream of blocks has no violation.
 */
export class BlockDecoder implements Decoder {
  readonly #maxBlockBytes: number
  readonly #lines: LineDecoder
  #block: Buffer[] = []
  /** Of the lines that have come, newlines included. */
  #blockBytes = 0

  constructor(maxBlockBytes: number) {
    this.#maxBlockBytes = maxBlockBytes
    this.#lines = new LineDecoder(maxBlockBytes)
  }

  get pendingBytes(): number {
    return this.#blockBytes + this.#lines.pendingBytes
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk)
  }

  read(): DecodeStep {
    for (;;) {
      const step = this.#lines.read()
      if (step.kind === 'more' || step.kind === 'violation') return step
      if (step.kind === 'frame' && step.payload.length === 0) return this.#take()
      this.#add(step.kind === 'frame' ? step.payload : undefined)
    }
  }

  /** @param line Undefined for one that was too long to hold. */
  #add(line: Buffer | undefined): void {
    this.#blockBytes += (line?.length ?? this.#maxBlockBytes) + NEWLINE.length
    if (this.#blockBytes > this.#maxBlockBytes || line === undefined) this.#block = []
    // Copied: the line is a part of a socket read, which would be kept whole.
    else this.#block.push(Buffer.from(line))
  }

  #take(): DecodeStep {
    const isHeld = this.#blockBytes <= this.#maxBlockBytes
    const payload = Buffer.concat(
      this.#block.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line])),
    )
    this.#block = []
    this.#blockBytes = 0
    return isHeld ? { kind: 'frame', payload } : SKIPPED
  }
}
