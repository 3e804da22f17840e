/**
 * What the copy of a table needs to know.
 */
import type { Settings } from '../../schema/schema.ts'
import type { HttpUpstreamSettings, ResponseSettings } from '../http-client/settings.ts'
import type { Replica } from './schema.ts'

export type ReplicaSettings = Settings<typeof Replica>

/** How to get and read one list. Plain data: it is handed to a thread. */
export interface ListSettings {
  /** Name of the table. */
  readonly table: string
  readonly foldCase: boolean
  readonly list: Omit<ReplicaSettings, 'directory'>
  readonly response: ResponseSettings
  /** Parameters of main.cf: what a value can be. */
  readonly usedBy: readonly string[]
  /** With the content of its files. */
  readonly upstream: HttpUpstreamSettings
  /** A key that a whole list has. */
  readonly canary: string | undefined
}
