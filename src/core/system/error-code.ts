/**
 * What an error says of itself: the system's name of it, its words, and the first line of them.
 */

/** Such as EACCES or ECONNREFUSED; '' when the error has none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

/** The same, or the kind of any other error: for messages. */
export function codeOrName(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.name : String(error))
}

/** What it says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The first line of what it says, for messages. */
export function errorText(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] || 'see the log'
}
