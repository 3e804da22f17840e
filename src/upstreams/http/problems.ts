/**
 * What is wrong with an HTTP service and the tables that ask it.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const HTTP_PROBLEMS = {
  'http-endpoint-twice': 'is the same endpoint as one above; remove it',
  'http-hedge-with-one': 'has no effect with one endpoint; the second request goes to another one',
  'http-unix-behind-proxy': 'cannot be used with endpoints on a unix socket; put them into another upstream',
  'http-cert-without-key': '"cert" needs "key", the key of the client certificate; add it',
  'http-key-without-cert': '"key" needs "cert", the client certificate; add it',
  'http-tls-without-https': 'has no effect: no endpoint begins with https://',
  'http-canary-attributes-unfit': 'cannot be asked for: …; name such as fit into the request',
  'http-canary-unfit': '… cannot be asked: …; name a key that fits into the request',
  'http-without-path':
    '"request.path" is missing, and upstream "…" is an HTTP service; add it, such as /…/{key}',
  'http-timeout-above-deadline':
    'the deadline, …, is shorter than the timeout of upstream "…", …, so one slow attempt takes all the time; lower that timeout',
  'http-shadow-of-authoritative':
    'has nothing to compare with replica.authoritative: true, where no single key is asked for; remove one',
  'http-batch-with-side-effects':
    'cannot be used with sideEffects: true, where each lookup is one request; remove one',
} as const satisfies ProblemCatalogue
