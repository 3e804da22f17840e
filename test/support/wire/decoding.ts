/**
 * Runs a decoder to the end of its input, for tests.
 */
import type { Decoder } from '../../../src/protocols/framing/frame.ts'

/** Every step as text: a payload, `!code@offset` for a violation, `~` for a skipped request. */
export function decodeAll(decoder: Decoder, chunks: readonly Buffer[]): string[] {
  const steps: string[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let step = decoder.read(); step.kind !== 'more'; step = decoder.read()) {
      if (step.kind === 'violation') return [...steps, `!${step.code}@${step.offset}`]
      steps.push(step.kind === 'frame' ? step.payload.toString('latin1') : '~')
    }
  }
  return steps
}
