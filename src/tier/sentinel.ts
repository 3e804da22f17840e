/**
 * A connection to the server that the sentinels say is the primary.
 *
 * All of them are asked at once, and the first that answers counts; what it says may be old, so that the server itself is asked, too.
 * One that has become a replica takes no writes: then the connection ends, and the sentinels are asked again.
 * https://redis.io/docs/latest/develop/reference/sentinel-clients/
 */
import { openClient } from './client.ts'
import type { Connection, ConnectionOptions, Reply } from './connection.ts'
import type { SentinelSettings, TierAddress } from './settings.ts'

/** @throws (rejects) with what went wrong. */
export async function openPrimary(
  sentinel: SentinelSettings,
  options: ConnectionOptions,
): Promise<Connection> {
  const primary = await primaryOf(sentinel, options)
  const connection = await openClient(primary, options, async (send) => {
    const role = await send('ROLE')
    const [name] = Array.isArray(role) ? role : []
    if (String(name) !== 'master') throw new Error('the server that the sentinels name is no primary (yet)')
  })
  let isEnded = false
  return {
    send: (...args) =>
      connection.send(...args).catch((error: Error) => {
        if (error.message.startsWith('READONLY') && !isEnded) {
          isEnded = true
          connection.close()
          options.onEnd(error)
        }
        throw error
      }),
    close: () => {
      isEnded = true
      connection.close()
    },
  }
}

async function primaryOf(sentinel: SentinelSettings, options: ConnectionOptions): Promise<TierAddress> {
  const { name, servers, username, password } = sentinel
  const asSentinel: ConnectionOptions = {
    ...options,
    settings: { ...options.settings, username, password },
    channels: [],
    onEnd: () => {},
  }
  const asked = servers.map(async (server) => {
    let reply: Reply
    const connection = await openClient(server, asSentinel, async (send) => {
      reply = await send('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
    })
    connection.close()
    const [host, port] = Array.isArray(reply) ? reply.map(String) : []
    if (host === undefined || port === undefined) throw new Error(`the sentinels know no "${name}"`)
    const isTls = server.kind === 'inet' && server.tls
    return { kind: 'inet', host, port: Number(port), database: 0, tls: isTls } as const
  })
  try {
    return await Promise.any(asked)
  } catch (error) {
    throw error instanceof AggregateError ? (error.errors[0] ?? error) : error
  }
}
