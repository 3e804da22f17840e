/**
 * Numbers and times as the page and the commands show them. English, whatever the browser speaks: the
 * page is, and an operator compares its numbers with logs and metrics.
 */

/** Stands where there is nothing to show. */
export const NOTHING = '–'

const DAY_MS = 86_400_000

// Made when first used, which for `mapgate serve` is never: one takes milliseconds to make.
let integers: Intl.NumberFormat | undefined
let clock: Intl.DateTimeFormat | undefined
let clockOfMinutes: Intl.DateTimeFormat | undefined

export function count(value: number): string {
  integers ??= new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
  return integers.format(value)
}

/** A count and its noun: `1 lookup`, `2 lookups`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

/** A rate with one decimal when it is small; `0` only for nothing at all. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '0'
  if (perSecond < 0.05) return '<0.1'
  return perSecond < 9.95 ? perSecond.toFixed(1) : count(perSecond)
}

/** @param share 0 to 1. `100%` and `0%` stand for all and nothing only. */
export function percent(share: number | undefined): string {
  if (share === undefined) return NOTHING
  const shown = share * 100
  if (shown > 0 && shown < 0.1) return '<0.1%'
  if (shown > 99.9 && shown < 100) return '>99.9%'
  const whole = shown === 0 || shown === 100 || (shown >= 10 && shown < 99)
  return `${shown.toFixed(whole ? 0 : 1)}%`
}

/** A duration with two or three digits and the unit that fits. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return NOTHING
  if (ms === 0) return '0 ms'
  if (ms < 0.9995) return `${digits(ms * 1000)} µs`
  if (ms < 999.5) return `${digits(ms)} ms`
  if (ms < 119_500) return `${digits(ms / 1000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return ms < 2 * DAY_MS ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / DAY_MS)} days`
}

function digits(value: number): string {
  return value > 0 && value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value))
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  if (value < 1024 * 1024) return `${digits(value / 1024)} KiB`
  if (value < 1024 ** 3) return `${digits(value / 1024 ** 2)} MiB`
  return `${digits(value / 1024 ** 3)} GiB`
}

/** Local wall clock, `14:03:59`. */
export function clockTime(wallMs: number): string {
  clock ??= new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  return clock.format(wallMs)
}

/** Local wall clock without seconds, for the axis of a plot. */
export function clockMinutes(wallMs: number): string {
  clockOfMinutes ??= new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
  return clockOfMinutes.format(wallMs)
}

/** Text of a stranger, which may be empty or end in spaces: the reader sees where it ends. */
export function quoted(text: string): string {
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text)
}
