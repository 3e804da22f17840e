/**
 * What the schemas of several routes have in common. What one file of routes answers is described in that
 * file, as JSON Schema for the OpenAPI document; a test checks real answers against it.
 */
import { Type } from '../schema/schema.ts'
import { ProblemSchema } from './problem.ts'

export const Count = Type.Integer({ minimum: 0 })
export const Ms = Type.Number({ minimum: 0, description: 'Milliseconds.' })
export const WallMs = Type.Number({ description: 'Milliseconds since 1970-01-01 UTC.' })

export const TableParams = Type.Object({
  table: Type.String({ minLength: 1, maxLength: 200, description: 'Name of a lookup table.' }),
})

/** Every status in `statuses` is answered by a problem document. */
export function problems(...statuses: number[]): Record<number, ReturnType<typeof problemResponse>> {
  return Object.fromEntries(statuses.map((status) => [status, problemResponse()]))
}

function problemResponse() {
  return {
    description: 'A problem.',
    content: { 'application/problem+json': { schema: ProblemSchema } },
  }
}
