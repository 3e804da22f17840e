/** The URL of a proxy for HTTP: `http://HOST:PORT`, perhaps with a user and a password. */
import { type Problem, problem } from '../../schema/problem.ts'
import { HTTP_CLIENT_PROBLEMS } from './problems.ts'

/** What is wrong with the URL of a proxy; undefined where nothing is. */
export function whyNoProxy(proxy: string): Problem | undefined {
  if (!/^https?:\/\/[^/]/.test(proxy) || !URL.canParse(proxy))
    return problem(HTTP_CLIENT_PROBLEMS, 'proxy-not-a-url')
  const { username, password, pathname, search, hash, port } = new URL(proxy)
  if (!isPercentEncoded(username) || !isPercentEncoded(password))
    return problem(HTTP_CLIENT_PROBLEMS, 'proxy-percent')
  if (pathname !== '/' || search !== '' || hash !== '') return problem(HTTP_CLIENT_PROBLEMS, 'proxy-path')
  return port === '0' ? problem(HTTP_CLIENT_PROBLEMS, 'proxy-port') : undefined
}

/** Returns whether every "%" stands before two hex digits, and what they stand for is UTF-8. */
function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false // URIError
  }
}
