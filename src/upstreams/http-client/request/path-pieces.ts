/**
 * Keys that must not be in a path, however well they are escaped. Pure.
 *
 * A proxy may decode `%2F` and resolve `..` before the service sees the path: nginx does where `proxy_pass` has a
 * URI, so that `/aliases/..%2F..%2Finternal` becomes `/internal`, asked with our credentials. RFC 3986 section 3.3
 * reads `.` and `..` as parts of a hierarchy, so no service can rely on being asked for them: no such key exists.
 *
 * | in the path | read by |
 * | --- | --- |
 * | `..%2F`, `..%5C` | nginx with a URI in proxy_pass, Apache without nocanon; `\` by IIS and WHATWG URL parsers |
 * | `%252e%252e%252f`, `%%32e` | several of them in a row, each of which decodes once |
 * | `..;x%2F` | Tomcat and Jetty: what follows `;` is a parameter and dropped before `..` is resolved |
 * | `..?x`, `..#x`, `..%20x`, `..%0Dx` | what hands on a decoded path: the rest is a query, a fragment, or no part of the path |
 * | `%C0%AE`, `%F8%80%80%80%AE`, `%C0%2E` | decoders that accept overlong or broken UTF-8 (RFC 3629 section 3 forbids it) |
 * | `%u002e`, `%uff0e`, `%u2215` | IIS, which also makes the nearest ASCII sign of others ("best fit") |
 * | `．．／` and others | services that make texts comparable by NFKC |
 * | `..%00`, `.%09.`, `..%20`, `.<U+200B>.` | what ends a text in C, what URL parsers, Windows and comparing of names drop |
 * | `x%2Fmembers`, `a.example%5Cmembers` | all of the above: a route below another key. A local part may have a `/`, a domain may not (RFC 1035 section 2.3.1) |
 * | `/`, `?x`, `;x`, `#x` | what merges `//`, and all of the above: the path of the list above the keys. `#x@a.example` is an address, and asked |
 */

/**
 * Most decodings in a row that are looked at. Ours: `%25…` counts as one however long, and every other takes a
 * third of the text with it; a key of 10,000 bytes that needs more is nobody's.
 */
const MAX_DECODINGS = 16

/** What a text must hold to become a dot between separators by any of the ways above, or to end a part early. */
const SUSPICIOUS = /[^\x21-\x7e]|[%/;?#\\]/

/** `.` or `..` as the whole of a part, or before what may end it: a parameter, query or fragment (RFC 3986 section 3.3), a blank or control. */
const DOTS = /^\.{1,2}(?:[;?#\s\p{Cc}]|$)/u

/** Nothing before the end of the path: `?` and `;` begin no name of a mailbox, `#` does on gateways to chats. */
const NO_NAME = /^[/\\\s\p{Cc}]*(?:[;?]|#[^@]*$|$)/u

/**
 * Dropped by the one or the other: what cannot be seen, and U+FFFD, which stands for bytes that are no UTF-8. A control
 * or blank may also end the text, so that both readings are tried.
 */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\ufffd]/gu
const BLANKS_AND_CONTROLS = /[\s\p{Cc}\p{Cf}\p{Z}]/gu

/** Signs that are like `.`, `/` and `\` to IIS, to names of domains (RFC 3490 section 3.1) or to fonts, and not to NFKC. */
const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/[\u3002\uff61]/g, '.'],
  [/[\u2044\u2215\u29f8]/g, '/'],
  [/\u20e5|[\u00a5\u20a9\u2216\u29f5\u29f9]/g, '\\'],
]

/**
 * Bytes, as Latin-1 characters, that lenient decoders take for a character of ASCII: any overlong form of 2 to 6 bytes.
 * Its last two bytes hold the seven bits; of the last one only six count, whether it is a proper one or not.
 */
const OVERLONG =
  /(?:[\xc0\xc1]|\xe0[\x80\x81]|\xf0\x80[\x80\x81]|\xf8\x80\x80[\x80\x81]|\xfc\x80\x80\x80[\x80\x81])[\x00-\xff]/g

/**
 * Returns whether a proxy or the service may read `.` or `..` as a part of this path segment, or no part at all.
 *
 * @param segment As it goes over the wire: text of the template and escaped parts of the key.
 * @param literals The text of the template alone.
 * @param key What was filled in, not escaped: most keys need no second look.
 */
export function hasDotPart(segment: string, literals: string, key: string): boolean {
  if (!SUSPICIOUS.test(key) && !SUSPICIOUS.test(literals)) return segment === '.' || segment === '..'
  let text = segment
  for (let decodings = 0; decodings <= MAX_DECODINGS; decodings++) {
    if (isRisky(text)) return true
    const decoded = decodeOnce(text)
    if (decoded === text) return false
    text = decoded
  }
  return true
}

/**
 * Returns whether a proxy or the service may read a separator where the key has no local part: in the domain of an
 * address, or in a key without `@`, which is a domain, a host name, an address of the network or the name of a user.
 */
export function hasPathInDomain(key: string): boolean {
  if (!SUSPICIOUS.test(key)) return false
  let text = key.slice(key.lastIndexOf('@') + 1)
  for (let decodings = 0; decodings <= MAX_DECODINGS; decodings++) {
    if (/[/\\]/.test(comparable(text))) return true
    const decoded = decodeOnce(text)
    if (decoded === text) return false
    text = decoded
  }
  return true
}

function comparable(text: string): string {
  let plain = text.normalize('NFKC').replace(UNSEEN, '')
  for (const [lookalike, sign] of LOOKALIKES) plain = plain.replace(lookalike, sign)
  return plain
}

function isRisky(segment: string): boolean {
  const text = comparable(segment)
  if (NO_NAME.test(text)) return true
  return hasDots(text) || hasDots(text.replace(BLANKS_AND_CONTROLS, ''))
}

function hasDots(text: string): boolean {
  return text.split(/[/\\]/).some((part) => DOTS.test(part))
}

/** Every `%XX` and `%uXXXX`; what is no UTF-8 becomes U+FFFD, which is no dot. */
function decodeOnce(text: string): string {
  return text
    .replace(/%(?:25)+/g, '%')
    .replace(/%u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => decodeBytes(Buffer.from(run.replaceAll('%', ''), 'hex')))
}

function decodeBytes(bytes: Buffer): string {
  const plain = bytes.toString('latin1').replace(OVERLONG, asciiOf)
  return Buffer.from(plain, 'latin1').toString()
}

function asciiOf(overlong: string): string {
  const high = overlong.charCodeAt(overlong.length - 2) & 1
  const low = overlong.charCodeAt(overlong.length - 1) & 0x3f
  return String.fromCharCode((high << 6) | low)
}
