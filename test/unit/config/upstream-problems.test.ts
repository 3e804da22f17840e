/**
 * What is said about mistakes in upstreams: whole lines, as they are printed.
 */
import { LISTENERS, TABLES } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('upstreams', [
  [
    'neither endpoints nor entries',
    `${LISTENERS}
upstreams:
  d: { timeout: 1s }
${TABLES}`,
    [
      'mapgate.yaml:3:3: upstreams.d: has none of "endpoints", "entries", "store" or "jwks"; add the URLs of the service as "endpoints"',
      'warning: mapgate.yaml:4:58: tables.t.canary: has no effect: no upstream of this table is asked over a network',
    ],
  ],
  [
    'entries beside endpoints',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"] }
  s: { entries: { a: b }, endpoints: ["http://a.example"] }
${TABLES}`,
    [
      'mapgate.yaml:4:27: upstreams.s: "endpoints" does not belong to an upstream of kind static, which has "entries" only; remove it',
    ],
  ],
  [
    'an entry with a line end',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"] }
  s: { entries: { a: "b\\nc" } }
${TABLES}`,
    [
      'mapgate.yaml:4:22: upstreams.s.entries.a: has control characters in a value; write one line of plain text',
    ],
  ],
  [
    'an entry with a character that cannot be seen, or of nothing but spaces',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"] }
  s: { entries: { a: "b\u00a0c", d: [e, "f\u200b"], g: " " } }
${TABLES}`,
    [
      'mapgate.yaml:4:22: upstreams.s.entries.a: has the invisible character U+00A0 in a value; write one line of plain text',
      'mapgate.yaml:4:29: upstreams.s.entries.d: has the invisible character U+200B in a value; write one line of plain text',
      'mapgate.yaml:4:46: upstreams.s.entries.g: has a value of nothing but spaces; write one line of plain text',
    ],
  ],
  [
    'an entry that is a number',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"] }
  s: { entries: { a: 5 } }
${TABLES}`,
    ['mapgate.yaml:4:22: upstreams.s.entries.a: is a number, must be text or a list of texts'],
  ],
  [
    'endpoints that are no URLs',
    `${LISTENERS}
upstreams:
  d:
    endpoints:
      - ftp://a.example
      - http://
      - http://a b
      - http://a.example/?q
      - http://me:pw@a.example
      - unix:run/a
      - unix:/run/a:prefix
      - unix:/run/a:/p?q
      - http://[
      - unix:/run/${'a'.repeat(103)}
      - unix:/run/${'a'.repeat(102)}
${TABLES}`,
    [
      'mapgate.yaml:5:9: upstreams.d.endpoints[0]: is not the URL of an HTTP service; write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX',
      'mapgate.yaml:6:9: upstreams.d.endpoints[1]: is not the URL of an HTTP service; write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX',
      'mapgate.yaml:7:9: upstreams.d.endpoints[2]: holds ?, # or a space; a query belongs into request.query',
      'mapgate.yaml:8:9: upstreams.d.endpoints[3]: holds ?, # or a space; a query belongs into request.query',
      'mapgate.yaml:9:9: upstreams.d.endpoints[4]: holds a user or password; write headers: { authorization: ... } instead',
      'mapgate.yaml:10:9: upstreams.d.endpoints[5]: the path of the unix socket must be absolute; write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX',
      'mapgate.yaml:11:9: upstreams.d.endpoints[6]: the prefix must begin with /; write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX',
      'mapgate.yaml:12:9: upstreams.d.endpoints[7]: the prefix holds ?, # or a space; a query belongs into request.query',
      'mapgate.yaml:13:9: upstreams.d.endpoints[8]: is not the URL of an HTTP service; write https://HOST/PREFIX, http://HOST:PORT or unix:/PATH:/PREFIX',
      'mapgate.yaml:14:9: upstreams.d.endpoints[9]: the path of a unix socket has at most 107 bytes, this one has 108',
    ],
  ],
  [
    'an endpoint that stands twice',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example", "http://a.example"] }
${TABLES}`,
    ['mapgate.yaml:3:40: upstreams.d.endpoints[1]: is the same endpoint as one above; remove it'],
  ],
  [
    'header names and values that are none',
    `${LISTENERS}
upstreams:
  d:
    endpoints: ["http://a.example"]
    headers: { "a b": x, host: x, x-a: "a\\nb", x-b: "\\u0100" }
${TABLES}`,
    [
      'mapgate.yaml:5:16: upstreams.d.headers["a b"]: is not the name of an HTTP header; use letters, digits and -',
      'mapgate.yaml:5:26: upstreams.d.headers.host: is a header that mapgate sets itself; remove it',
      'mapgate.yaml:5:35: upstreams.d.headers.x-a: has a line end, control character or non-Latin-1 character in its value; remove it',
      'mapgate.yaml:5:48: upstreams.d.headers.x-b: has a line end, control character or non-Latin-1 character in its value; remove it',
    ],
  ],
  [
    'a hedge with one endpoint',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], hedgeAfter: 1s }
${TABLES}`,
    [
      'warning: mapgate.yaml:3:53: upstreams.d.hedgeAfter: has no effect with one endpoint; the second request goes to another one',
    ],
  ],
  [
    'a proxy that is none',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], proxy: "socks5://a" }
${TABLES}`,
    ['mapgate.yaml:3:48: upstreams.d.proxy: is not the URL of a proxy; write http://HOST:PORT'],
  ],
  [
    'a proxy before a unix socket',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["unix:/run/a"], proxy: "http://p.example" }
${TABLES}`,
    [
      'mapgate.yaml:3:43: upstreams.d.proxy: cannot be used with endpoints on a unix socket; put them into another upstream',
    ],
  ],
  [
    'a client certificate without its key',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["https://a.example"], tls: { cert: a.pem } }
${TABLES}`,
    [
      'mapgate.yaml:3:42: upstreams.d.tls: "cert" needs "key", the key of the client certificate; add it',
      'mapgate.yaml:3:55: upstreams.d.tls.cert: the file "a.pem" cannot be read: there is no such file',
    ],
  ],
  [
    'a key without its certificate',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["https://a.example"], tls: { key: a.pem } }
${TABLES}`,
    [
      'mapgate.yaml:3:42: upstreams.d.tls: "key" needs "cert", the client certificate; add it',
      'mapgate.yaml:3:54: upstreams.d.tls.key: the file "a.pem" cannot be read: there is no such file',
    ],
  ],
  [
    'a "%" in the password of a proxy that begins nothing',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], proxy: "http://user:100%@proxy.example:3128" }
${TABLES}`,
    [
      'mapgate.yaml:3:48: upstreams.d.proxy: has a "%" in its user or password that does not begin a percent-encoding; write it as %25',
    ],
  ],
  [
    'tls in the defaults that one of two upstreams uses',
    `${LISTENERS}
defaults: { upstream: { tls: { serverName: a } } }
upstreams:
  d: { endpoints: ["https://a.example"] }
  e: { endpoints: ["unix:/run/a"] }
${TABLES}`,
    [],
  ],
  [
    'tls without https',
    `${LISTENERS}
upstreams:
  d: { endpoints: ["http://a.example"], tls: { serverName: a } }
${TABLES}`,
    ['warning: mapgate.yaml:3:41: upstreams.d.tls: has no effect: no endpoint begins with https://'],
  ],
])
