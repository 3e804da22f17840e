/**
 * Reads single values of a file that was checked before: a value that does not fit is a
 * defect here, hence the TypeErrors.
 */
import { parseDuration, parseSize } from './units.ts'

/** Milliseconds of a duration, checked before. */
export function ms(text: string): number {
  const amount = parseDuration(text)
  if (amount === undefined) throw new TypeError('unchecked duration')
  return amount
}

/** Bytes of a size, checked before. */
export function bytes(text: string): number {
  const amount = parseSize(text)
  if (amount === undefined) throw new TypeError('unchecked size')
  return amount
}

/** One or a list, as a list. */
export function listed(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}
