/**
 * The settings of a listener, in the shape in which the configuration has it.
 */
import type { Address } from '../core/system/address.ts'
import type { Protocol } from '../protocols/protocol.ts'
import type { FileAccess } from './file-owner.ts'

export interface ConnectionLimits {
  /** Connections of the listener. */
  readonly maxConnections: number
  /** Connections of one client address. Not used for unix sockets, whose clients have none. */
  readonly maxConnectionsPerAddress: number
}

export interface ListenerSettings extends FileAccess, ConnectionLimits {
  readonly protocol: Protocol
  /** Those of the protocol, in its own shape. */
  readonly own: object
  readonly address: Address
  /** The address as the operator wrote it: in messages and metrics. */
  readonly name: string
  /** Addresses and CIDR networks that may connect. Not used for unix sockets, whose file mode decides. */
  readonly allow: readonly string[]
}
