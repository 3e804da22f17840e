/**
 * One connection to Valkey or Redis, by npm `@redis/client`, which is loaded when the first one is opened.
 *
 * It carries commands and the messages of channels (RESP3), and is never opened anew by the client: link.ts decides when.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { createRequire } from 'node:module'
import type * as RedisClient from '@redis/client'
import type { TierSettings } from './settings.ts'

/** Commands that wait for a reply, most. Ours: those of 50 ms at the highest rate, about 20 MB. */
const MAX_WAITING_COMMANDS = 50_000

/** What a command gets: bytes, a number, a list, or nothing. */
export type Reply =
  | Buffer
  | string
  | number
  | null
  | undefined
  | readonly Reply[]
  | Readonly<Record<string, Buffer>>

export interface Connection {
  /** Rejects with what the server says against it, or when the connection ends. */
  send(...args: readonly (string | Buffer)[]): Promise<Reply>
  close(): void
}

export interface ConnectionOptions {
  readonly settings: TierSettings
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  /** Longest time until it can be used, ms. */
  readonly timeoutMs: number
  readonly channels: readonly string[]
  readonly onMessage: (channel: string, message: string) => void
  /** Called once, when it ends for any other reason than {@link Connection.close}. */
  readonly onEnd: (error: Error) => void
}

/** @throws (rejects) with what went wrong. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { createClient, RESP_TYPES } = loadClient()
  const { settings, timeoutMs, channels } = options
  const client = createClient({
    socket: socketOptions(options),
    ...(settings.username !== undefined && { username: settings.username }),
    ...(settings.password !== undefined && { password: settings.password }),
    ...(settings.url.kind === 'inet' && settings.url.database > 0 && { database: settings.url.database }),
    name: 'mapgate',
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: MAX_WAITING_COMMANDS,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
  let state: 'opening' | 'open' | 'closed' = 'opening'
  let lastError = new Error('the connection was closed')
  const end = () => {
    const wasOpen = state === 'open'
    state = 'closed'
    if (client.isOpen) client.destroy()
    if (wasOpen) options.onEnd(lastError)
  }
  client.on('error', (error: Error) => {
    lastError = error
    end()
  })
  client.on('end', end)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs)
  })
  const opening = (async () => {
    await client.connect()
    if (channels.length > 0)
      await client.subscribe([...channels], (message, channel) =>
        options.onMessage(String(channel), String(message)),
      )
  })()
  try {
    await Promise.race([opening, late])
  } catch (error) {
    opening.catch(() => {}) // it is told by the error that came first
    end()
    throw error
  } finally {
    clearTimeout(timer)
  }
  state = 'open'
  return {
    send: (...args) => client.sendCommand([...args]) as Promise<Reply>,
    close() {
      state = 'closed'
      if (client.isOpen) client.destroy()
    },
  }
}

function socketOptions({ settings: { url, tls }, tls: files, timeoutMs }: ConnectionOptions) {
  const common = { reconnectStrategy: false as const, connectTimeout: timeoutMs }
  if (url.kind === 'unix') return { ...common, path: url.path, tls: false as const }
  const { host, port } = url
  if (!url.tls) return { ...common, host, port }
  const servername = tls?.serverName
  return {
    ...common,
    host,
    port,
    tls: true as const,
    ...files,
    ...(servername !== undefined && { servername }),
  }
}

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
