/**
 * Connections to the primaries of a cluster, by npm `@redis/client`, as if they were one.
 *
 * A command goes to the node that has its key, or its keys with one hash tag. What belongs to no key, the time and messages, is asked of
 * one node by all gateways: of the one that has the stream of purges. So they all count by one clock, and who publishes knows how
 * many listen. The client follows redirections; when one connection ends all of them do, and link.ts has others opened.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
 */
import { clientOptions, loadClient, socketOptions } from './client.ts'
import { type Connection, type ConnectionOptions, Lifetime, type Reply } from './connection.ts'
import type { TierAddress } from './settings.ts'

/** Where the first key of a script is; that of other commands follows their name. */
const SCRIPT_KEY = 3

/** @throws (rejects) with what went wrong. */
export async function openCluster(
  nodes: readonly TierAddress[],
  options: ConnectionOptions,
): Promise<Connection> {
  const { settings, channels, timeoutMs, onMessage, onEnd } = options
  const home = `${settings.prefix}purges`
  const [first] = nodes
  const cluster = loadClient().createCluster({
    rootNodes: nodes.map((node) => ({ socket: tcpOptions(node, options) })),
    // Those that they tell of are asked in the same way.
    defaults: { ...clientOptions(options), socket: first && withoutPlace(tcpOptions(first, options)) },
    RESP: 3,
    commandOptions: clientOptions(options).commandOptions,
    topologyRefreshOnReconnectionAttemptStrategy: false,
  })
  const lifetime = new Lifetime(() => cluster.isOpen && cluster.destroy(), onEnd)
  // One of several nodes that are asked where the keys are: others may know.
  cluster.on('error', (error: Error) => {
    lifetime.lastError = error
  })
  const ended = (error?: Error) => {
    if (lifetime.isOpen) lifetime.end(error)
    else if (error !== undefined) lifetime.lastError = error
  }
  cluster.on('node-error', ended)
  cluster.on('node-disconnect', () => ended())
  const clientAtHome = () => cluster.getNodeClientForKey(home)
  const opening = async () => {
    try {
      await cluster.connect()
    } catch {
      throw lifetime.lastError
    }
    const client = await clientAtHome()
    await client.subscribe([...channels], (message, channel) => onMessage(String(channel), String(message)))
    return client
  }
  const opened = opening()
  await lifetime.open(opened, timeoutMs)
  const subscribed = await opened

  async function sendHome(args: readonly (string | Buffer)[]): Promise<Reply> {
    const client = await clientAtHome()
    if (client !== subscribed) {
      // Its messages still come, and nobody counts them any more.
      const error = new Error('another node of the cluster has the purges now')
      lifetime.end(error)
      throw error
    }
    return client.sendCommand([...args]) as Promise<Reply>
  }

  return {
    send(...args) {
      const [name] = args
      if (name === 'TIME' || name === 'PUBLISH') return sendHome(args)
      const key = args[name === 'EVAL' ? SCRIPT_KEY : 1]
      return cluster.sendCommand(key, false, [...args]) as Promise<Reply>
    },
    close: () => lifetime.close(),
  }
}

/** @throws TypeError for an address that the configuration checks would have refused. */
function tcpOptions(address: TierAddress, options: ConnectionOptions) {
  const socket = socketOptions(address, options)
  if (!('host' in socket))
    throw new TypeError('unchecked configuration: a node of a cluster at a unix socket')
  return socket
}

function withoutPlace<Options extends { host: string; port: number }>({ host, port, ...others }: Options) {
  return others
}
