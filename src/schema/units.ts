/**
 * Durations and sizes as people write them: `250ms 2s 5m 1h 1d`, `64KiB 1MiB`.
 *
 * A unit is always needed: a bare number would be read as seconds by one person and as
 * milliseconds by the next.
 */

/** One day in ms, the largest unit. */
const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Powers of 1024, as their names say (IEC 80000-13). */
const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** A whole number or one with a decimal fraction, then a unit. Also the pattern of the JSON Schema. */
export const DURATION_PATTERN = '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$'
export const SIZE_PATTERN = '^[0-9]+(\\.[0-9]+)?(B|KiB|MiB|GiB)$'

/** Reads a duration; undefined when the text is none, or no whole number of milliseconds. */
export function parseDuration(text: string): number | undefined {
  return parseWithUnit(text, DURATION_PATTERN, DURATION_UNITS_MS)
}

/** Reads a size; undefined when the text is none, or no whole number of bytes. */
export function parseSize(text: string): number | undefined {
  return parseWithUnit(text, SIZE_PATTERN, SIZE_UNITS_BYTES)
}

/** How far a product of two numbers may be from the whole number that was meant, as a share of it. */
const FLOAT_ERROR_SHARE = 1e-12

function parseWithUnit(
  text: string,
  pattern: string,
  units: Readonly<Record<string, number>>,
): number | undefined {
  if (!new RegExp(pattern).test(text)) return undefined
  const number = Number.parseFloat(text)
  const unit = units[text.replace(/^[0-9.]+/, '')]
  if (unit === undefined) return undefined
  const amount = Math.round(number * unit)
  // 1.1 * 1000 is not quite 1100; what is off by more was written with a fraction of the smallest unit.
  return Math.abs(amount - number * unit) < FLOAT_ERROR_SHARE * Math.max(1, amount) ? amount : undefined
}
