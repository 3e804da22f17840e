/**
 * A table as it asks an HTTP service: what of its settings the endpoints need.
 */
import { Attributes, type WrittenQuestion } from '../../core/attributes.ts'
import type { CanarySettings } from '../../core/resilience/canary.ts'
import type { BatchSettings, HttpTableSettings, WrittenRequest } from '../http-client/settings.ts'
import type { UpstreamTable } from '../kind.ts'
import type { ReplicaSettings } from '../replica/settings.ts'

/** As the configuration has it. */
export interface WrittenCanary extends Omit<CanarySettings, 'attributes'> {
  readonly attributes?: WrittenQuestion | undefined
}

export interface HttpTable extends UpstreamTable, Omit<HttpTableSettings, 'request'> {
  readonly request: WrittenRequest | undefined
  readonly batch: BatchSettings | undefined
  readonly canary: WrittenCanary | undefined
  readonly replica?: ReplicaSettings | undefined
  /** Of everything that decides what the table answers: for what is kept of it. */
  readonly fingerprint?: string
}

/** A table has a request where it asks an HTTP service: the configuration checks say so. */
const NO_REQUEST: WrittenRequest = {
  method: 'GET',
  path: '',
  query: new Map(),
  headers: new Map(),
  json: undefined,
  form: undefined,
}

/** Returns whether the service is never asked for single keys. */
export function isAuthoritative({ replica }: HttpTable): boolean {
  return replica?.authoritative === true
}

/** The canary as it is asked. */
export function canaryOf(table: HttpTable): CanarySettings | undefined {
  const { canary } = table
  if (canary === undefined || isAuthoritative(table)) return undefined
  const { attributes } = canary
  if (attributes === undefined) return { ...canary, attributes }
  return { ...canary, attributes: new Attributes(attributes.shown, attributes.secret) }
}

export function asking(table: HttpTable): HttpTableSettings {
  const { name, request, response, sideEffects, batch, replica, usedBy = [] } = table
  // With a batch route everything goes through it, and the table needs no other. A copy that answers alone needs none.
  const path = request?.path ?? batch?.path ?? (isAuthoritative(table) ? replica?.path : undefined)
  if (path === undefined) throw new TypeError(`unchecked configuration: table ${name} has no request`)
  return { name, request: { ...NO_REQUEST, ...request, path }, response, sideEffects, batch, usedBy }
}
