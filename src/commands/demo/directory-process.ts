/**
 * The process that `mapgate demo` starts for its HTTP directory.
 *
 *   node directory-process.js FOLDER PORT
 *
 * It tells its parent `{ listening: PORT }` or `{ failed: CODE }` once, and ends when the parent
 * does: the channel between them closes then, so no directory stays behind a killed demo.
 */
import { createDirectory } from './directory.ts'

const [folder = '', port = '0'] = process.argv.slice(2)
const server = createDirectory(folder)

server.once('error', (error: NodeJS.ErrnoException) => {
  process.send?.({ failed: error.code ?? error.message })
  process.exitCode = 1
  process.disconnect?.()
})

server.listen({ host: '127.0.0.1', port: Number(port) }, () => {
  const address = server.address()
  process.send?.({ listening: typeof address === 'object' ? address?.port : undefined })
})

// Ctrl-C in a terminal reaches both processes. The parent first answers what is in flight, and
// for that it needs the directory; it ends this process itself afterwards.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
