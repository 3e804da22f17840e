/**
 * The reasons of HTTP services: no connection, no reply, a reply that is none.
 */
import type { ReasonCatalogue } from '../../core/reason.ts'
import { CONNECTION_REASONS } from './connection/connection-reasons.ts'
import { BODY_REASONS } from './reply/body-reasons.ts'

export const HTTP_REASONS = {
  ...CONNECTION_REASONS,
  failed: {
    cause: 'status',
    text: 'the service answered …',
    advice:
      '5xx, 408, 425, 429 and the like: its own trouble, look at its log. 421: it does not serve this host name at this address (`host` of the upstream, TLS name, load balancer)',
  },
  unexpectedStatus: {
    cause: 'status',
    text: 'the service answered …, which is neither in response.found nor in response.notFound',
    advice: 'a 2xx that is not expected: name it in one of the two lists',
  },
  batchRefused: {
    cause: 'status',
    text: 'the service answered … to a batch, which says nothing about its keys',
    advice: 'the batch route must answer 200 and one result per key; look at `batch` of the table',
  },
  ...BODY_REASONS,
  unfitAttribute: {
    cause: 'refused',
    text: 'no request can be made: an attribute is empty or has dots as a part of the path; send it in the query or the body',
    advice:
      'a client said `..` or nothing where the path has `{attribute.…}`: write it into `query`, `json` or `form`',
  },
  partOfReply: {
    cause: 'unreadable',
    text: 'the service answered with a part of a reply (content-range), which was not asked for',
    advice: 'a cache or file server between answers for the service: path, host, deployment',
  },
  unknownProxy: {
    cause: 'status',
    text: 'something before the service asks for credentials of a proxy (407), and no proxy is configured here',
    advice: 'a gateway on the way to the service: an exception for mapgate there, or `proxy` of the upstream',
  },
  errorField: {
    cause: 'service',
    text: "the service reports an error of its own in its reply's error field",
    advice: '`response.error` selected something: look at the service',
  },
  credentials: {
    cause: 'refused',
    text: 'the service answered …; look at its credentials here',
    advice: '401 or 403: the token; a secret that is named as a file is read again at once',
  },
  wrongRequest: {
    cause: 'refused',
    text: 'the service answered …; look at the request of this table',
    advice: 'another 4xx: path and method of `request`',
  },
  redirect: {
    cause: 'refused',
    text: 'the service answered …; redirects are not followed',
    advice: 'put the final URL into `endpoints`',
  },
} as const satisfies ReasonCatalogue
