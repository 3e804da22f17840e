/** What `mapgate store` can do; apart from it, so that the help needs no client. */
import type { AdminOptions } from '../admin-target.ts'

export const ACTIONS = ['list', 'export', 'import'] as const

export type StoreAction = (typeof ACTIONS)[number]

export interface StoreOptions extends AdminOptions {
  readonly limit?: number
  readonly after?: string
}
