/**
 * The six ports of the demo: one after the other, so that one number moves them all.
 */
import { createServer } from 'node:net'

/** The first of the six. Ours: as in the examples of every document. */
export const DEMO_PORT = 8464

/** How far apart the choices are that are offered when a port is taken. Ours. */
const STEP = 1000
const MAX_PORT = 65_535

export interface DemoPorts {
  readonly socketmap: number
  readonly tcpTable: number
  readonly admin: number
  readonly directory: number
  readonly policy: number
  readonly sasl: number
}

export function demoPorts(first: number): DemoPorts {
  return {
    socketmap: first,
    tcpTable: first + 1,
    admin: first + 2,
    directory: first + 3,
    policy: first + 4,
    sasl: first + 5,
  }
}

/** Largest `--port`. */
export const MAX_DEMO_PORT = MAX_PORT - 5

/** Returns which of the ports cannot be listened on, if any. */
export async function takenPort(
  ports: DemoPorts,
): Promise<{ readonly port: number; readonly code: string } | undefined> {
  for (const port of Object.values(ports) as number[]) {
    const code = await listenError(port)
    if (code !== undefined) return { port, code }
  }
  return undefined
}

/** Finds another first port whose six ports are free now. */
export async function freeDemoPort(except: number): Promise<number | undefined> {
  for (let tried = 1; tried <= 40; tried++) {
    const first = 1024 + ((except - 1024 + tried * STEP) % (MAX_DEMO_PORT - 1024))
    if ((await takenPort(demoPorts(first))) === undefined) return first
  }
  return undefined
}

function listenError(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
