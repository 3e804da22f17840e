/**
 * The reasons of HTTP services that gave no reply: timeouts, names, TLS, proxies.
 */
import type { ReasonCatalogue } from '../../../core/reason.ts'

export const CONNECTION_REASONS = {
  noConnectionInTime: {
    cause: 'timeout',
    text: 'no connection to the service in time',
    advice: 'network, firewall, or a service that does not accept; then `timeout` of the upstream',
  },
  noAddressInTime: {
    cause: 'timeout',
    text: 'no connection to the service in time: … within … ms',
    advice: 'as above, with the addresses that were tried',
  },
  noAnswerInTime: {
    cause: 'timeout',
    text: 'no answer from the service in time',
    advice: 'the service is slow: look there; a second endpoint and `hedgeAfter` hide single slow answers',
  },
  incompleteInTime: {
    cause: 'timeout',
    text: "the service's reply was not complete in time",
    advice: 'as above; a proxy that stalls',
  },
  connectionTimedOut: {
    cause: 'timeout',
    text: 'the connection to the service timed out',
    advice: 'the network between',
  },
  notWaitedFor: {
    cause: 'timeout',
    text: 'the answer was no longer needed',
    advice: 'the other request of a hedge won, or nobody waits any more: nothing to do',
  },
  refusesConnections: {
    cause: 'connect',
    text: 'the service refuses connections; is it running?',
    advice: 'start it; check host and port of the endpoint',
  },
  unreachable: {
    cause: 'connect',
    text: 'the service cannot be reached from here; look at the network',
    advice: 'routing, firewall, the address family',
  },
  noHostName: {
    cause: 'connect',
    text: "the service's host name cannot be resolved; look at DNS",
    advice: 'the host in `endpoints`; `/etc/resolv.conf`',
  },
  noSocket: {
    cause: 'connect',
    text: "the service's unix socket is not there, or not open to mapgate's user",
    advice: 'the path in `endpoints`; group and mode of that file',
  },
  closed: {
    cause: 'connect',
    text: 'the service closed the connection without a complete reply',
    advice: 'it crashed or was restarted; or its keep-alive time is shorter than `maxConnectionAge`',
  },
  closedUnanswered: {
    cause: 'connect',
    text: 'the service closed the connection without a reply; it may have crashed, or expect TLS (https://)',
    advice: 'as above; or the endpoint begins with http:// and the port is one for https',
  },
  certificateRefused: {
    cause: 'connect',
    text: 'the service closed the connection without a reply; it may refuse our certificate (tls.cert), or have crashed',
    advice:
      'is the client certificate expired, or unknown to the service? The files are read again at most once a minute after this: renew them, nothing else is to be done',
  },
  certificateRejected: {
    cause: 'connect',
    text: 'the service, or a proxy before it, asks for a client certificate that it accepts; look at tls.cert',
    advice:
      '495, 496, or the 400 that nginx makes of them: the certificate in `tls.cert` of the upstream is missing, expired, or of an authority that the server does not know. The files are read again at most once a minute after this',
  },
  tls: {
    cause: 'connect',
    text: 'TLS with the service failed: …',
    advice:
      'the code at the end names it: an expired or unknown certificate, a wrong name (`tls.serverName`), an authority (`tls.ca`)',
  },
  tunnelCredentials: {
    cause: 'connect',
    text: 'the proxy refuses our credentials (407); look at the user and password in proxy',
    advice: 'a secret in it that is named as a file is read again at once',
  },
  noTunnel: {
    cause: 'connect',
    text: 'the proxy does not open a tunnel to the service',
    advice: '`proxy` of the upstream',
  },
  noDescriptor: {
    cause: 'connect',
    text: 'no file descriptor is left for a connection to the service; raise LimitNOFILE',
    advice: '`systemctl edit mapgate`',
  },
} as const satisfies ReasonCatalogue
