/**
 * What is wrong with the proxy that requests go through.
 */
import type { ProblemCatalogue } from '../../schema/problem.ts'

export const HTTP_CLIENT_PROBLEMS = {
  'proxy-not-a-url': 'is not the URL of a proxy; write http://HOST:PORT',
  'proxy-percent':
    'has a "%" in its user or password that does not begin a percent-encoding; write it as %25',
  'proxy-path': 'has a path, query or fragment, which no proxy has; write http://HOST:PORT',
  'proxy-port': 'has the port 0, where nobody can listen; write http://HOST:PORT',
} as const satisfies ProblemCatalogue
