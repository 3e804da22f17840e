/**
 * The system's name of an error.
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
