/** The fastify instance as the route files see it: with types out of the schemas, and the role of a request. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Role } from '../config/config.ts'
import type { Schema, Static } from '../schema/schema.ts'
import type { Access } from './access.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may ask. A route without it is for operators. */
    access?: Access
  }
  interface FastifyRequest {
    /** Set before the handler runs; `none` on open routes. */
    role: Role | 'none'
  }
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

/** Requests have the type of their schema; answers may be read-only data of the core. */
interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends Schema ? Static<this['schema']> : unknown
  serializer: this['schema'] extends Schema ? DeepReadonly<Static<this['schema']>> : unknown
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  SchemaTypes
>
