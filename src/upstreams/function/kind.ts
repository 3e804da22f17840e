/**
 * The kind `function`: a function of the program that uses mapgate as a library. A configuration file
 * cannot hold one, so the registry of its kinds does not have it.
 */
import type { UpstreamKind, UpstreamParts, UpstreamSettings, UpstreamTable } from '../kind.ts'
import { passive, UnsharedUpstream } from '../unshared.ts'
import { FunctionUpstream, type TableFunction } from './function-upstream.ts'
import { FUNCTION_REASONS } from './reasons.ts'

export interface FunctionSettings extends UpstreamSettings {
  readonly call: TableFunction
}

export const functions: UpstreamKind<FunctionSettings> = {
  name: 'function',
  cached: true,
  metrics: [],
  reasons: { FUNCTION_REASONS },
  needs: () => ({ descriptors: 0, heapBytes: 0 }),
  plan: async (settings, _running, parts) => new SharedFunction(settings, parts),
}

export class SharedFunction extends UnsharedUpstream<FunctionSettings, UpstreamTable> {
  readonly #parts: UpstreamParts

  constructor(settings: FunctionSettings, parts: UpstreamParts) {
    super(functions, settings)
    this.#parts = parts
  }

  isSameFor(other: unknown): boolean {
    return other instanceof SharedFunction && other.settings.call === this.settings.call
  }

  forTable({ name: table }: UpstreamTable) {
    const { clock, observer } = this.#parts
    const { name, call } = this.settings
    const onDefect = (error: unknown) => observer.defect(error, table)
    return passive(new FunctionUpstream({ name, call, clock, onDefect }))
  }
}
