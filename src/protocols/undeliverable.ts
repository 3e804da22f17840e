/**
 * Values that a reply cannot carry: what clients are told instead, whatever the protocol.
 */
import { temporaryFor } from '../core/reason.ts'
import { CORE_REASONS } from '../core/reasons.ts'
import type { Temporary } from '../core/result.ts'

export const TOO_LONG = temporaryFor(CORE_REASONS.tooLong)
export const EMPTY = temporaryFor(CORE_REASONS.emptyResult)

/** @param value Not empty where it is too long. */
export function undeliverable(value: string): Temporary {
  return value === '' ? EMPTY : TOO_LONG
}
