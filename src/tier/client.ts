/**
 * npm `@redis/client`, which is loaded when the first connection is opened, and a connection to one server by it.
 */
import { createRequire } from 'node:module'
import type * as RedisClient from '@redis/client'
import { type Connection, type ConnectionOptions, Lifetime, type Reply } from './connection.ts'
import type { TierAddress } from './settings.ts'

/** Commands that wait for a reply, most. Ours: those of 50 ms at the highest rate, about 20 MB. */
const MAX_WAITING_COMMANDS = 50_000

/** @throws when the package is not installed. */
export function loadClient(): typeof RedisClient {
  try {
    return createRequire(import.meta.url)('@redis/client') as typeof RedisClient
  } catch {
    throw new Error(
      'the shared store needs the package @redis/client, which cannot be loaded here; install it with npm install @redis/client',
    )
  }
}

/** What is said of every connection, apart from where it goes. */
export function clientOptions({ settings: { username, password } }: ConnectionOptions) {
  const { RESP_TYPES } = loadClient()
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    name: 'mapgate',
    RESP: 3 as const,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled' as const,
    commandsQueueMaxLength: MAX_WAITING_COMMANDS,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  }
}

export function socketOptions(address: TierAddress, { settings, tls: files, timeoutMs }: ConnectionOptions) {
  const common = { reconnectStrategy: false as const, connectTimeout: timeoutMs }
  if (address.kind === 'unix') return { ...common, path: address.path, tls: false as const }
  const { host, port } = address
  if (!address.tls) return { ...common, host, port }
  const servername = settings.tls?.serverName
  return {
    ...common,
    host,
    port,
    tls: true as const,
    ...files,
    ...(servername !== undefined && { servername }),
  }
}

/**
 * @param check Asked of the server before it is used, within the time for a connection. Rejects for one that must not be.
 * @throws (rejects) with what went wrong.
 */
export async function openClient(
  address: TierAddress,
  options: ConnectionOptions,
  check?: (send: Connection['send']) => Promise<void>,
): Promise<Connection> {
  const { channels, timeoutMs, onMessage, onEnd } = options
  const client = loadClient().createClient({
    ...clientOptions(options),
    socket: socketOptions(address, options),
    ...(address.kind === 'inet' && address.database > 0 && { database: address.database }),
  })
  const lifetime = new Lifetime(() => client.isOpen && client.destroy(), onEnd)
  client.on('error', (error: Error) => lifetime.end(error))
  client.on('end', () => lifetime.end())
  const send: Connection['send'] = (...args) => client.sendCommand([...args]) as Promise<Reply>
  const opening = async () => {
    await client.connect()
    await check?.(send)
    if (channels.length > 0)
      await client.subscribe([...channels], (message, channel) => onMessage(String(channel), String(message)))
  }
  await lifetime.open(opening(), timeoutMs)
  return {
    send,
    close: () => lifetime.close(),
  }
}
