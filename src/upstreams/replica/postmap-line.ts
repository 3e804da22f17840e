/**
 * A line of a source file of postmap(1): what is its key, and what its value. Pure.
 *
 * Blanks are those of ASCII. One within double quotes, or behind a backslash, is part of the key, which keeps its quotes.
 * Source: postmap(1), "TABLE FORMAT"; Postfix, postmap.c (`postmap`) and readllines.c; measured with `postmap -s texthash:`.
 */

/** What `ISSPACE` of Postfix takes for a blank, sys_defs.h: not U+00A0. */
const COMMENT_OR_EMPTY = /^[\t-\r ]*(?:#|$)/
const CONTINUATION = /^[\t-\r ]/

const BLANK = /[\t-\r ]/

export function isCommentOrEmpty(line: string): boolean {
  return COMMENT_OR_EMPTY.test(line)
}

/** Returns whether a line continues the one before. */
export function isContinuation(line: string): boolean {
  return CONTINUATION.test(line)
}

/**
 * @param line With its continuations.
 * @returns undefined where there is no key, no value, or a quote that does not end.
 */
export function splitPostmapLine(line: string): { readonly key: string; readonly value: string } | undefined {
  let end = 0
  let isQuoted = false
  for (; end < line.length; end++) {
    const character = line.charAt(end)
    if (character === '\\') end++
    else if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && BLANK.test(character)) break
  }
  const key = line.slice(0, end)
  const value = withoutBlanks(line, end)
  return isQuoted || key === '' || value === '' ? undefined : { key, value }
}

/** What is behind `at`, without the blanks around it. */
function withoutBlanks(line: string, at: number): string {
  let begin = at
  let end = line.length
  while (begin < end && BLANK.test(line.charAt(begin))) begin++
  while (end > begin && BLANK.test(line.charAt(end - 1))) end--
  return line.slice(begin, end)
}
