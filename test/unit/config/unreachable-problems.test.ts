/** What nothing can ever be reached by is told by the check: ports, proxies, names of servers, collectors. */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

type Case = [name: string, yaml: string, expected: string[]]

const upstream = (settings: string): string => `${LISTENERS}
upstreams:
  d: { ${settings} }
${TABLES}`

testProblems('what cannot be reached', [
  ...['http://p.example:3128/path', 'http://p.example:3128?q', 'http://p.example:3128#f'].map(
    (proxy): Case => [
      `a proxy with more than host and port: ${proxy}`,
      upstream(`endpoints: ["http://a.example"], proxy: "${proxy}"`),
      [
        'mapgate.yaml:3:48: upstreams.d.proxy: has a path, query or fragment, which no proxy has; write http://HOST:PORT',
      ],
    ],
  ),
  [
    'ports where nobody can listen',
    upstream('endpoints: ["http://a.example:0"], proxy: "http://p.example:0"'),
    [
      'mapgate.yaml:3:20: upstreams.d.endpoints[0]: has the port 0, where nobody can listen; write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX',
      'mapgate.yaml:3:50: upstreams.d.proxy: has the port 0, where nobody can listen; write http://HOST:PORT',
    ],
  ],
  ...['a b', 'bücher.example', '*.example', 'a..b', 'a.', '.', 'x:443', 'http://x', 'a'.repeat(64), '-'].map(
    (name): Case => [
      `a name of a server that no certificate has: ${name}`,
      upstream(`endpoints: ["https://a.example"], tls: { serverName: "${name}" }`),
      [
        'mapgate.yaml:3:61: upstreams.d.tls.serverName: is not a host name as in a certificate; write it as directory.example.com, an internationalised one as xn--...',
      ],
    ],
  ),
  ...['a', 'a-b.c_d.example', '127.0.0.1', '::1', 'xn--bcher-kva.example', 'a'.repeat(63)].map(
    (name): Case => [
      `nothing about a name of a server as ${name}`,
      upstream(`endpoints: ["https://a.example"], tls: { serverName: "${name}" }`),
      [],
    ],
  ),
  ...['x:99999', 'x:65536', 'x:0', 'x:', 'a b', 'x:1:2'].map(
    (host): Case => [
      `a host that is none: ${host}`,
      upstream(`endpoints: ["https://a.example"], host: "${host}"`),
      [
        `mapgate.yaml:3:48: upstreams.d.host: "${host}" does not fit, must be a host name, with :PORT if it is not the usual one`,
      ],
    ],
  ),
  ...['x', 'x.example:65535', 'x:1', '[::1]:8443', '192.0.2.1:80'].map(
    (host): Case => [
      `nothing about a host as ${host}`,
      upstream(`endpoints: ["https://a.example"], host: "${host}"`),
      [],
    ],
  ),
  ...['http://', 'http://a b', 'http://a:99999', 'https://['].map(
    (url): Case => [
      `a collector that is none: ${url}`,
      `${LISTENERS}
${UPSTREAMS}
${TABLES}
tracing: { otlp: "${url}" }`,
      ['mapgate.yaml:4:18: tracing.otlp: is not the URL of a collector; write http://HOST:4318'],
    ],
  ),
])
