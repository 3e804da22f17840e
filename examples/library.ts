import { SocketmapServer, temporary } from 'mapgate'

const aliases = new Map([['info@company.example', 'alice@company.example, bob@company.example']])

const server = new SocketmapServer({
  aliases: (key) => aliases.get(key), // undefined: not found
  domains: async (key) => (key === 'company.example' ? 'yes' : undefined),
  transport: () => temporary('service', 'the transport service is being moved'),
})
console.log(`listening on ${await server.listen(process.argv[2] ?? 'inet:127.0.0.1:8464')}`)
