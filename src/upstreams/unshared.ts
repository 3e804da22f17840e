/**
 * Upstreams that hold nothing open: nothing is taken over by a reload, and nothing has to be closed.
 */
import type { UpstreamStatus } from '../core/status.ts'
import type { Upstream } from '../core/upstream.ts'
import type {
  Probe,
  SharedUpstream,
  TableUpstream,
  UpstreamKind,
  UpstreamSettings,
  UpstreamTable,
} from './kind.ts'

export abstract class UnsharedUpstream<S extends UpstreamSettings, T extends UpstreamTable>
  implements SharedUpstream<T>
{
  readonly kind: UpstreamKind
  readonly settings: S

  constructor(kind: UpstreamKind, settings: S) {
    this.kind = kind
    this.settings = settings
  }

  changedFiles(): readonly string[] {
    return []
  }

  abstract isSameFor(other: SharedUpstream): boolean

  abstract forTable(table: T): TableUpstream

  configure(): void {}

  probes(_table: T): readonly Probe[] {
    return []
  }

  status(): UpstreamStatus {
    return { name: this.settings.name, kind: this.kind.name, inFlight: 0, queued: 0, endpoints: [] }
  }

  abort(): void {}

  async close(): Promise<void> {}

  async destroy(): Promise<void> {}
}

/** An upstream that asks nothing ahead of need. */
export function passive(upstream: Upstream): TableUpstream {
  return { upstream, start: () => {}, stop: () => {}, canaries: () => [] }
}
