/**
 * Whether a text repeats the request: its path, or a method and a path. Pure.
 *
 * Servlet containers, catch-all routes and gateways say what they have no route for; what is asked of a directory is a key.
 * The path is found percent-encoded or not, with its query or without, and without the segments that a proxy took off its
 * beginning. Where it is nothing but `/` and the key, the slash tells it from the key.
 */

const METHOD_AND_PATH = /(?<![\w-])(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)[\s:'"`\]]{1,4}\/\S*/g

/** In front of a path: nothing that makes it the end of a word or of another path, but for an origin. */
const BEFORE = String.raw`(?:(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/"']{0,255}|(?<![\p{L}\p{N}/%@_.-]))`

/** Behind it: nothing that goes on. */
const BEHIND = String.raw`(?![\p{L}\p{N}%@_-]|\.[\p{L}\p{N}])`

/** Most segments that are taken off the beginning. Ours: templates have fewer. */
const MAX_SEGMENTS = 16

/**
 * The text without what repeats the request; the same text where nothing does.
 *
 * @param path As it was sent, with its query.
 */
export function withoutRequest(text: string, path: string, key: string): string {
  let rest = decoded(text).replace(METHOD_AND_PATH, ' ')
  for (const form of formsOf(path, key)) {
    if (!rest.toLowerCase().includes(form)) continue
    rest = rest.replace(new RegExp(BEFORE + escaped(form) + BEHIND, 'giu'), ' ')
  }
  return rest === decoded(text) ? text : rest
}

/** In lower case and decoded, longest first. */
function formsOf(path: string, key: string): readonly string[] {
  const [whole = ''] = path.split('?', 1)
  const query = path.slice(whole.length)
  const segments = whole.split('/').slice(1)
  const forms = new Set<string>()
  for (let from = 0; from < Math.min(segments.length, MAX_SEGMENTS); from++) {
    const rest = segments.slice(from).join('/')
    if (query !== '') forms.add(decoded(`/${rest}${query}`))
    forms.add(decoded(`/${rest}`))
    // As Spring and Django have it; a single segment may be the key.
    if (from < segments.length - 1) forms.add(decoded(rest))
  }
  const own = key.toLowerCase()
  return [...forms]
    .map((form) => form.toLowerCase())
    .filter((form) => form.length > 1 && !own.includes(form))
    .sort((a, b) => b.length - a.length)
}

/** What cannot be decoded stays. */
function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (part) => {
    try {
      return decodeURIComponent(part)
    } catch {
      return part
    }
  })
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
