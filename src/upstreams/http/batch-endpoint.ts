/**
 * One table at one endpoint that takes many keys in one request.
 */
import type { BatchEndpoint, BatchReply, SendOptions } from '../../core/upstream.ts'
import { type BatchMapping, mapBatch, sameForAll } from '../http-client/reply/batch-mapping.ts'
import { JsonPath } from '../http-client/reply/json-path.ts'
import { RequestTemplate } from '../http-client/request/request-template.ts'
import type { BatchSettings, HttpTableSettings } from '../http-client/settings.ts'
import { type EndpointContext, HttpEndpoint } from './endpoint.ts'

export class HttpBatchEndpoint extends HttpEndpoint implements BatchEndpoint {
  readonly maxKeys: number
  readonly #template: RequestTemplate
  readonly #mapping: BatchMapping

  constructor(table: HttpTableSettings, batch: BatchSettings, context: EndpointContext) {
    super(table, context)
    this.maxKeys = batch.maxKeys
    this.#template = new RequestTemplate(batch, { batch: true })
    const results = batch.results === undefined ? undefined : new JsonPath(batch.results)
    this.#mapping = { ...this.mapping, results }
  }

  async sendMany(keys: readonly string[], options: SendOptions): Promise<BatchReply> {
    if (keys.length === 0 || keys.length > this.maxKeys) {
      throw new RangeError(`${keys.length} keys in a batch of 1 to ${this.maxKeys}`)
    }
    const request = this.#template.buildMany(keys, this.table.name, this.context.endpoint.pathPrefix)
    if ('suppressed' in request) throw new TypeError('a batch request names a part of one key')
    const { validators: _, ...unconditional } = options
    const nowMs = this.context.clock.wallMs()
    let mapped: BatchReply | undefined
    const overall = await this.exchange(request, unconditional, (response) => {
      mapped = mapBatch(response, this.#mapping, keys, { nowMs, viaProxy: this.viaProxy })
      return mapped.overall
    })
    const { replies } = mapped ?? sameForAll(keys, overall)
    const { exchange } = overall
    if (exchange === undefined) return { replies, overall }
    return { replies: new Map(Array.from(replies, ([key, reply]) => [key, { ...reply, exchange }])), overall }
  }
}
