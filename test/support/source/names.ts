/**
 * Finds where a source text names something that only its own folder should know.
 */

/** Returns whether a text has the name as a whole literal, in whichever quotes, or one that begins with it: `NAME: a sentence`, `NAME${…}`. */
export function hasLiteral(text: string, name: string): boolean {
  return new RegExp(`${quoted(name)}|['"\`]${name}(?:: |\\$\\{)`).test(text)
}

/** Returns whether a text compares something with the name: by an operator on either side, or in a `switch`. */
export function compares(text: string, name: string): boolean {
  const literal = quoted(name)
  return new RegExp(`[!=]==?\\s*${literal}|${literal}\\s*[!=]==?|\\bcase\\s+${literal}`).test(text)
}

function quoted(name: string): string {
  return `(?:'${name}'|"${name}"|\`${name}\`)`
}
