/**
 * The path to the entries of a JSON list, `$.data.mailboxes[*]`: a JSONPath (RFC 9535) of names with one `[*]` at its
 * end, which can be followed while the list is still arriving.
 */

const LIST_PATH = /^\$((?:\.[A-Za-z_][\w-]*)*)\[\*\]$/

/** Says what is wrong with such a path, undefined when nothing is. */
export function listPathError(text: string, shown: string): string | undefined {
  return LIST_PATH.test(text)
    ? undefined
    : `${shown} is not a path to entries; write names and [*], such as $.data[*]`
}

/** The path as the streaming parser takes it: `$.data.mailboxes.*`. */
export function streamingPath(text: string): string {
  return text.replace(/\[\*\]$/, '.*')
}
