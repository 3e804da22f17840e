/**
 * The lines of /etc/passwd and /etc/group.
 * Source: passwd(5), group(5).
 */

/** The number of a user or group, the third field of its line; undefined when the text has none of this name. */
export function accountId(text: string, name: string): number | undefined {
  for (const line of text.split('\n')) {
    const fields = line.split(':')
    if (fields[0] === name) return Number(fields[2])
  }
  return undefined
}
