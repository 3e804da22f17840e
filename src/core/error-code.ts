/**
 * What an error says of itself: the system's name of it, and its first line.
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

/** The first line of what it says, for messages. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] || 'see the log'
}
