/**
 * Asks the admin API of a gateway in a process of its own, by the unix socket in its folder.
 */
import { request } from 'node:http'
import { join } from 'node:path'

/** @returns Status, and the body as JSON. */
export function askAdmin(
  { folder }: { readonly folder: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: 'localhost',
      'x-mapgate': '1',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const asked = request({ socketPath: join(folder, 'admin'), path, method, headers }, async (reply) => {
      const chunks: Buffer[] = await reply.toArray()
      resolve({ status: reply.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString() || 'null') })
    })
    asked.once('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
