/**
 * Numbers as people read them, and columns of text.
 */

/** A duration: `0.4 ms`, `12 ms`, `3.2 s`, `5 min`, `2.5 h`, `3 d`. */
export function duration(ms: number): string {
  const [size, unit] = DURATION_UNITS.find(([limit]) => Math.abs(ms) >= limit) ?? [1, 'ms']
  return `${short(ms / size)} ${unit}`
}

const DURATION_UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
  [1, 'ms'],
]

/** A size in bytes: `512 B`, `1.5 KiB`, `64 MiB`. */
export function size(bytes: number): string {
  const [unitBytes, unit] = SIZE_UNITS.find(([limit]) => bytes >= limit) ?? [1, 'B']
  return `${short(bytes / unitBytes)} ${unit}`
}

const SIZE_UNITS: readonly (readonly [number, string])[] = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
]

/** A share: `97.3 %`; `-` when there is nothing to share. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? `${short((100 * part) / whole)} %` : '-'
}

/** A number with about three digits: `0.42`, `7.3`, `512`, `12345`. */
export function short(value: number): string {
  if (value === 0) return '0'
  if (Math.abs(value) >= 99.95 || Number.isInteger(value)) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 0.995 ? 1 : 2)
}

/** `1 answer`, `2 answers`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** How a column stands. Numbers stand at the right. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** Columns that may be cut to make the table fit have a smallest width. */
  readonly minWidth?: number
}

/**
 * Rows of text in columns, two spaces apart, under their titles.
 *
 * @param maxWidth Columns with a `minWidth` give way, the widest first, until the table fits; a cut text ends in `~`.
 */
export function columns(
  head: readonly Column[],
  rows: readonly (readonly string[])[],
  maxWidth = 10_000,
): string[] {
  const widths = head.map((column, i) =>
    Math.max(column.title.length, ...rows.map((row) => (row[i] ?? '').length)),
  )
  narrow(head, widths, maxWidth)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => pad(cut(cell, widths[i] ?? 0), widths[i] ?? 0, head[i]?.align))
      .join(GAP)
      .trimEnd()
  return [line(head.map((column) => column.title)), ...rows.map(line)]
}

const GAP = '  '

/** Narrows the widest column that may give way, one character at a time. */
function narrow(head: readonly Column[], widths: number[], maxWidth: number): void {
  const total = (): number => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length)
  while (total() > maxWidth) {
    let widest = -1
    for (const [i, width] of widths.entries()) {
      const least = head[i]?.minWidth ?? Number.POSITIVE_INFINITY
      if (width > least && width > (widths[widest] ?? 0)) widest = i
    }
    if (widest === -1) return
    widths[widest] = (widths[widest] ?? 0) - 1
  }
}

/** Cuts a text to a width; the last character then says so. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}~`
}

function pad(text: string, width: number, align: Column['align']): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width)
}
