/**
 * Keys that must not stand in a path, however well they are escaped. Pure.
 *
 * A proxy may decode `%2F` and resolve `..` before the service sees the path: nginx does where `proxy_pass` has a
 * URI, so that `/aliases/..%2F..%2Finternal` becomes `/internal`, asked with our credentials. RFC 3986 section 3.3
 * reads `.` and `..` as parts of a hierarchy, so no service can rely on being asked for them: no such key exists.
 *
 * | in the path | read by |
 * | --- | --- |
 * | `..%2F`, `..%5C` | nginx with a URI in proxy_pass, Apache without nocanon; `\` by IIS and WHATWG URL parsers |
 * | `%252e%252e%252f` | two of them in a row, each of which decodes once |
 * | `..;x%2F` | Tomcat and Jetty: what follows `;` is a parameter and dropped before `..` is resolved |
 * | `%C0%AE`, `%u002e` | decoders that accept overlong UTF-8 (RFC 3629 section 3 forbids it), IIS |
 * | `．．／` and others | services that make texts comparable by NFKC |
 * | `..%00`, `.%09.`, `..%20` | what ends a text in C, what URL parsers drop, what Windows drops |
 */

/** Most decodings in a row that are looked at. Ours: more proxies than stand between a gateway and its service. */
const MAX_DECODINGS = 4

/** What a text must hold to become a dot between separators by any of the ways above, or to end a part early. */
const SUSPICIOUS = /[^\x21-\x7e]|[%/;?#\\]/

/**
 * `.` or `..` as the whole of a part, with the blanks that Windows drops, and a parameter, query or fragment
 * (RFC 3986 section 3.3): a proxy that hands on the decoded path makes a query of what was `%3F`.
 */
const DOTS = /^\.{1,2} *(?:[;?#]|$)/

/** `.`, `/` and `\` in overlong UTF-8, and in IIS's own encoding. */
const DISGUISED: readonly (readonly [RegExp, string])[] = [
  [/%(?:c0%ae|e0%80%ae|f0%80%80%ae|u002e)/gi, '.'],
  [/%(?:c0%af|e0%80%af|f0%80%80%af|u002f)/gi, '/'],
  [/%(?:c1%9c|e0%81%9c|f0%80%81%9c|u005c)/gi, '\\'],
]

/**
 * Returns whether a proxy or the service may read `.` or `..` as a part of this path segment.
 *
 * @param segment As it goes over the wire: text of the template and escaped parts of the key.
 * @param literals The text of the template alone.
 * @param key What was filled in, not escaped: most keys need no second look.
 */
export function hasDotPart(segment: string, literals: string, key: string): boolean {
  if (!SUSPICIOUS.test(key) && !SUSPICIOUS.test(literals)) return segment === '.' || segment === '..'
  let text = segment
  for (let decodings = 0; decodings <= MAX_DECODINGS; decodings++) {
    if (hasDots(text)) return true
    const decoded = decodeOnce(text)
    if (decoded === text) return false
    text = decoded
  }
  return false
}

function hasDots(text: string): boolean {
  // What URL parsers drop (WHATWG URL, "tab or newline"), then what ends a text in C.
  const comparable = text.normalize('NFKC').replace(/[\t\n\r]/g, '')
  return comparable.split(/[/\\]/).some((part) => DOTS.test(part.split('\0', 1)[0] ?? ''))
}

/** Every `%XX`; what is no UTF-8 becomes U+FFFD, which is no dot. */
function decodeOnce(text: string): string {
  let plain = text
  for (const [pattern, character] of DISGUISED) plain = plain.replace(pattern, character)
  return plain.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString())
}
