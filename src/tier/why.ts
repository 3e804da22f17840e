/**
 * Why the shared store is not used, in words that may be shown.
 */
import { errorText } from '../core/system/error-code.ts'

/** Behind this, a server repeats what it was sent: a password, if the command was HELLO. */
const ARGUMENTS = /,? with args beginning with:.*$/s

/** Returns whether the server refused a command since it has no memory left. Source: redis.conf, maxmemory-policy. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM ')
}

export function whyOf(error: unknown): string {
  if (isFull(error))
    return 'the shared store is full (maxmemory); give it more memory, or the policy volatile-lru'
  const text = errorText(error).replace(ARGUMENTS, '')
  if (/^ERR unknown command .HELLO./i.test(text)) return `${text}; it must be Valkey, or Redis 6 or later`
  return text.startsWith('MOVED ')
    ? `${text}: this server is one of a cluster; write "cluster" in the place of "url"`
    : text
}
