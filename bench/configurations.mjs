/**
 * The configurations that are measured: the defaults of a careful administrator, everything on.
 */

/** Long enough that nothing expires while it is measured. */
const LASTING = 'ttl: 12h, negativeTtl: 1h'

/** Two listeners, `aliases` for exact keys and `search` for Postfix's partial keys, an admin API with its metrics. */
export function usual(serviceUrl, { cache = '', cacheFile, shared, upstream = '', port = 0 } = {}) {
  return `
listeners:
  - { protocol: socketmap, listen: "inet:127.0.0.1:${port}", maxConnections: 6000, maxConnectionsPerAddress: 6000 }
  - { protocol: tcp_table, listen: "inet:127.0.0.1:0", table: aliases, maxConnections: 1000 }
admin: { listen: "inet:127.0.0.1:0" }
${cacheFile === undefined ? '' : `cacheFile: ${cacheFile}`}
${shared === undefined ? '' : `shared: { url: "${shared}" }`}
upstreams:
  directory: { endpoints: ["${serviceUrl}"], circuitBreaker: { failures: 5, openFor: 10s }${upstream} }
tables:
  aliases:
    upstream: directory
    request: { path: "/aliases/{key}" }
    response: { value: $.goto }
    cache: { ${LASTING}${cache} }
  search:
    upstream: directory
    request: { path: "/search/{key}" }
    response: { value: $.goto }
    search: address
    recipientDelimiter: "+"
    localDomains: [bench.example]
    cache: { ${LASTING} }
`
}

/** `aliases`, asked by proxymap, and a policy whose answer for a sender is kept. */
export function attributes(serviceUrl, socket) {
  return `
listeners:
  - { protocol: policy, listen: "inet:127.0.0.1:0", table: policy }
  - { protocol: proxymap, listen: "unix:${socket}" }
admin: { listen: "inet:127.0.0.1:0" }
upstreams: { directory: { endpoints: ["${serviceUrl}"] } }
tables:
  aliases:
    upstream: directory
    request: { path: "/aliases/{key}" }
    response: { value: $.goto }
    cache: { ${LASTING} }
  policy:
    upstream: directory
    request: { method: POST, path: /policy, json: "{attributes}" }
    response: { action: $.action }
    cacheBy: [sender]
    cache: { ${LASTING} }
`
}

/** As many tables as a large site has: `aliases` and others like it. */
export function manyTables(serviceUrl, count, { port, cacheFile }) {
  const tables = Array.from(
    { length: count },
    (_, index) => `
  ${index === 0 ? 'aliases' : `table${index}`}:
    upstream: directory
    request: { path: "/aliases/{key}" }
    response: { value: $.goto }
    search: address
    recipientDelimiter: "+"`,
  )
  return `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:${port}" }]
admin: { listen: "inet:127.0.0.1:0" }
cacheFile: ${cacheFile}
upstreams: { directory: { endpoints: ["${serviceUrl}"] } }
tables:${tables.join('')}
`
}

/** The table `aliases` as a copy of a list alone. */
export function replicated(listUrl, count, directory) {
  return `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: 1000 }]
admin: { listen: "inet:127.0.0.1:0" }
upstreams: { directory: { endpoints: ["${listUrl}"] } }
tables:
  aliases:
    upstream: directory
    replica: { path: "/list?n=${count}", key: $.address, value: $.mailbox, every: 1d, authoritative: true, directory: "${directory}" }
`
}

/** One table, nothing of it stored, whose service fails for some keys; see `servers/poisonous.mjs`. */
export function withPoison(endpoints, { canary, batch }) {
  return `
listeners: [{ protocol: socketmap, listen: "inet:127.0.0.1:0", maxConnections: 1000, maxConnectionsPerAddress: 1000 }]
admin: { listen: "inet:127.0.0.1:0" }
upstreams: { directory: { endpoints: ${JSON.stringify(endpoints)}, maxBodyBytes: 64KiB } }
tables:
  aliases:
    upstream: directory
    request: { path: "/{key}" }
    ${batch ? 'batch: { method: POST, path: "/batch", json: { keys: "{keys}" } }' : ''}
    ${canary ? 'canary: { key: good-canary }' : ''}
    cache: off
`
}
