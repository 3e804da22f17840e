/**
 * A gateway in front of a test's HTTP service, and its tables in the spelling of main.cf.
 */
import {
  found,
  notFound,
  permanent,
  SocketmapServer,
  type TableFunction,
  TcpTableServer,
  temporary,
} from '../../src/index.ts'
import type { Cleanup, HttpService } from '../support/http-service.ts'

export interface Serving {
  /** `socketmap:inet:127.0.0.1:PORT:NAME` */
  socketmap(table: string): string
  /** `tcp:127.0.0.1:PORT` */
  tcp(table: string): string
}

export type TableSettings = Readonly<Record<string, unknown>>

export async function startServing(
  cleanup: Cleanup,
  service: HttpService,
  tables: Readonly<Record<string, TableSettings>>,
  options: { readonly socketPath?: string } = {},
): Promise<Serving> {
  const functions: Record<string, TableFunction> = {}
  for (const name of Object.keys(tables)) {
    functions[name] = async (key) => {
      let reply: Response
      try {
        reply = await fetch(`${service.origin}/${name}?key=${encodeURIComponent(key)}`)
      } catch {
        return temporary('connect', 'down')
      }
      if (reply.status === 404) return notFound()
      if (reply.status >= 500) return temporary('status', 'broken')
      if (reply.status !== 200) return permanent('refused', 'refused by the service')
      const body: unknown = await reply.json()
      const value = (body as { value: string | string[] }).value
      return found(Array.isArray(value) ? value.join(', ') : value)
    }
  }
  const server = new SocketmapServer(functions)
  const inet = await server.listen('inet:127.0.0.1:0')
  cleanup.onTestFinished(() => server.close())
  if (options.socketPath !== undefined) await server.listen(`unix:${options.socketPath}`)
  const tcp = new Map<string, string>()
  for (const [name, table] of Object.entries(functions)) {
    const one = new TcpTableServer(table)
    tcp.set(name, (await one.listen('inet:127.0.0.1:0')).slice('inet:'.length))
    cleanup.onTestFinished(() => one.close())
  }
  return {
    socketmap: (table) => `socketmap:${inet}:${table}`,
    tcp: (table) => `tcp:${tcp.get(table)}`,
  }
}
