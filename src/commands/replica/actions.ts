/** What `mapgate replica` can do; apart from it, so that the help needs no client. */
import type { AdminOptions } from '../admin-target.ts'

export const ACTIONS = ['status', 'refresh', 'accept', 'reject'] as const

export type ReplicaAction = (typeof ACTIONS)[number]

export interface ReplicaOptions extends AdminOptions {
  readonly json?: boolean
  readonly whole?: boolean
}
