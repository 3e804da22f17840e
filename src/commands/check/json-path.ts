/**
 * The JSONPath check that the configuration takes from outside: it knows no HTTP package.
 */
import { JsonPath } from '../../upstreams/http/json-path.ts'

/** What is wrong with a JSONPath (RFC 9535); undefined when nothing is. */
export function checkJsonPath(text: string): string | undefined {
  try {
    new JsonPath(text)
    return undefined
  } catch (error) {
    if (error instanceof TypeError) return error.message.replace(/^not a JSONPath: /, '')
    throw error
  }
}
