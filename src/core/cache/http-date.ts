/**
 * Dates of HTTP fields, in the three forms a recipient must read.
 *
 *   Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
 *   Sunday, 06-Nov-94 08:49:37 GMT   RFC 850, obsolete
 *   Sun Nov  6 08:49:37 1994         asctime, obsolete
 *
 * Source: RFC 9110 section 5.6.7. Anything else is no date: `Expires: 0` is an expired answer.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const IMF_FIXDATE = /^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/
const RFC_850 = /^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/
const ASCTIME = /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/

/** A two-digit year that seems further ahead than this lies in the past. Source: RFC 9110 section 5.6.7. */
const FUTURE_YEARS = 50

/**
 * Reads the value of `Date` or `Expires`.
 *
 * @param nowMs Wall clock ms, to place a year of two digits.
 * @returns Wall clock ms, or undefined for anything that is no date.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const parts = (IMF_FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text))?.groups
  if (parts === undefined) return undefined
  const month = MONTHS.indexOf(parts.month ?? '')
  const day = Number(parts.day)
  const [hour = 0, minute = 0, second = 0] = (parts.time ?? '').split(':').map(Number)
  if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined
  return Date.UTC(fullYear(parts.year ?? '', nowMs), month, day, hour, minute, second)
}

function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits)
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(digits)
  return year > thisYear + FUTURE_YEARS ? year - 100 : year
}
