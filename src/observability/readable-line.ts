/**
 * A line of the log for a person at a terminal: time, level, message, then the fields.
 *
 *   10:14:42.079 WARN  circuit open {"upstream":"directory","endpoint":"0:127.0.0.1:9110"}
 */
import { styleText } from 'node:util'

const LEVEL_STYLES: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  trace: 'gray',
  debug: 'blue',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}

/** Length of the longest usual level, so that messages are below each other. */
const LEVEL_WIDTH = 5

/** What a terminal would act on (ECMA-48): a message may hold what a service sent. */
const CONTROL = /[\x00-\x1f\x7f-\x9f\p{Cf}\u2028\u2029]+/gu

function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(CONTROL, ' '))
    .join('\n')
}

/** @param json One line as pino writes it. What is no JSON object stays as it is. */
export function readableLine(json: string): string {
  const { time, level, msg, err, ...fields } = parse(json)
  if (typeof level !== 'string') return json
  const stack =
    typeof err === 'object' && err !== null && 'stack' in err ? `\n${printableLines(String(err.stack))}` : ''
  const rest =
    Object.keys(fields).length === 0
      ? ''
      : ` ${styleText('gray', JSON.stringify(fields).replace(CONTROL, ' '))}`
  const shownLevel = styleText(LEVEL_STYLES[level] ?? 'gray', level.toUpperCase().padEnd(LEVEL_WIDTH))
  return `${styleText('gray', clockTime(time))} ${shownLevel} ${String(msg ?? '').replace(CONTROL, ' ')}${rest}${stack}\n`
}

function parse(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json)
  } catch {
    return {} // told by its missing level
  }
}

/** Local time of day with milliseconds, since who reads it sits beside it. */
function clockTime(time: unknown): string {
  const date = new Date(String(time))
  if (Number.isNaN(date.getTime())) return ''
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  )
  return `${parts.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
