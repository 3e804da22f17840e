/**
 * Columns of text on a terminal.
 */

/** How a column is aligned: numbers to the right. */
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

/** Before each further line of a text. */
const INDENT = '  '

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

/** A text as lines of a width, broken at spaces; a word that is longer than a line is cut by {@link cut}. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined) lines.push(word)
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`${INDENT}${word}`)
  }
  return lines
}

function pad(text: string, width: number, align: Column['align']): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width)
}
