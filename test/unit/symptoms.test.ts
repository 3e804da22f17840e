/**
 * docs/troubleshooting.md leads from what a person sees to its cause: a search for the words on the left finds a line that
 * names the cause. One search for each kind of fault that strangers have met.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const PAGE = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8').split('\n')

/** What a person sees: the left of a row, or a paragraph below the name of an alert. */
const seen = (line: string): string => (line.startsWith('|') ? (line.split(' | ')[0] ?? '') : line)

test.each([
  ['data of another route', 'a proxy that decodes `%2F`'],
  ['goes on with `451`', 'each smtpd process remembers'],
  ['disk is full', 'cannot be written'],
  ['terminal was closed', 'lines are dropped and counted'],
  ['JavaScript heap out of memory', 'do not fit into the heap'],
  ['the event loop was blocked', 'a defect kept the process busy'],
  ['that nothing here serves', 'no `listen: systemd:NAME` asks for'],
  ['goes to addresses such as `["a@b.example"]`', 'JSON that was sent as text'],
  ['bounced while the service was being deployed', 'something other than the service said 404'],
  ['no connection to the service in time', 'none of the addresses of the host accepted'],
  ['tls.ca: the file ... is empty', 'not what TLS needs'],
  ['/etc/group has no group', 'the package that makes it is not installed'],
  ['service is not configured for table', 'refused a table that goes through `pass`'],
  ['again each hour', 'has no `ttl = 0`'],
  ['client certificate was renewed', 'read again by itself'],
  ['refuses our credentials (407)', 'the proxy, not the service'],
  ['with `reload: watch`', 'behind links too'],
  ['was not read within 5 s', 'has become a device, a pipe'],
  ['answers "not found" to everything', '`domains` lists domains in which no key lies'],
  ['xn--', 'one domain has two spellings'],
  ['invisible character U+00A0', 'a no-break space, zero-width character'],
  ['answered 304', 'a cache between'],
  ['does not speak valid HTTP', 'such as a 101 nobody asked for'],
  ['telnet', 'the CR belongs to the line end'],
  ['the site of somebody else', 'set `host` of the upstream'],
  ['/livez', 'all of 127.0.0.0/8 count as one, and so does an IPv6 /64'],
  ['is ignored: ', 'somebody else may have put there'],
  ['`***` in', 'it came from a file, a credential or the environment'],
  ['\\x1b', 'would move or turn what a terminal shows'],
  ['1.5ms', 'fractions are taken only where they come out whole'],
  ['the service speaks TLS', 'its port is one for https'],
  ['no result for this key', 'name it with `null`'],
  ['`%40`', 'percent-encoded there'],
  ['no button to try', 'a plain page without a script'],
])('%s leads to: %s', (symptom, cause) => {
  const found = PAGE.filter((line) => seen(line).toLowerCase().includes(symptom.toLowerCase()))
  expect(found.join('\n')).toContain(cause)
})
