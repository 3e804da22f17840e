/**
 * What a listener is told, in the shape in which the configuration has it.
 */
import type { Address } from '../core/address.ts'
import type { FileAccess } from './file-owner.ts'
import type { ConnectionLimits } from './sessions.ts'

interface CommonSettings extends FileAccess, ConnectionLimits {
  readonly address: Address
  /** The address as the operator wrote it: in messages and metrics. */
  readonly name: string
  /** Addresses and CIDR networks that may connect. Not used for unix sockets, whose file mode decides. */
  readonly allow: readonly string[]
}

export type ListenerSettings =
  /** `tables` undefined serves every table. */
  | (CommonSettings & { readonly protocol: 'socketmap'; readonly tables: readonly string[] | undefined })
  /** The protocol has no table name: one listener, one table. */
  | (CommonSettings & { readonly protocol: 'tcp_table'; readonly table: string })

/** Permission bits of a socket file. Ours: Postfix reaches it by its group. */
export const DEFAULT_MODE = 0o660

/** Who may connect when nothing is said: this machine. */
export const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1']

/** Ours: each idle connection takes about 10 KiB, and a Postfix of default size has 100 clients of each kind. */
export const DEFAULT_MAX_CONNECTIONS = 2000
