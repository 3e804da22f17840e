/** The URL of a proxy for HTTP: `http://HOST:PORT`, perhaps with a user and a password. */

/** What is wrong with the URL of a proxy, as the end of a sentence. */
export function whyNoProxy(proxy: string): string | undefined {
  if (!/^https?:\/\/[^/]/.test(proxy) || !URL.canParse(proxy))
    return 'is not the URL of a proxy; write http://HOST:PORT'
  const { username, password, pathname, search, hash, port } = new URL(proxy)
  if (!isPercentEncoded(username) || !isPercentEncoded(password))
    return 'has a "%" in its user or password that does not begin a percent-encoding; write it as %25'
  if (pathname !== '/' || search !== '' || hash !== '')
    return 'has a path, query or fragment, which no proxy has; write http://HOST:PORT'
  return port === '0' ? 'has the port 0, where nobody can listen; write http://HOST:PORT' : undefined
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
