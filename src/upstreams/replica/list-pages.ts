/**
 * The pages of a list: where the next one is, and that they come to an end. Pure.
 */
import { ListError } from './list-error.ts'
import { REPLICA_REASONS } from './reasons.ts'

/** Most pages of a list. Ours: a hundred entries in each of them make ten million. */
const MAX_PAGES = 100_000

/** `<address>`, with what is before it in a list: empty members are allowed. RFC 8288 section 3, RFC 9110 section 5.6.1. */
const TARGET = /[\s,]*<([^<>]*)>/y

/** `; name="value"`, one parameter of a link; a semicolon alone says nothing. RFC 8288 appendix B.3. */
const PARAMETER = /\s*;(?:\s*([^\s;,="<>]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"<>]*))?)?/y

/** What must come behind a link. */
const END = /\s*(?:,|$)/y

/** A relation: a name, or a URI. RFC 8288 section 3.3. */
const RELATION = /^[a-z][a-z0-9+._-]*(?::\S+)?$/

/** Longest part of a field that is shown, in characters. Ours. */
const MAX_SHOWN = 80

/**
 * The address with the relation `next`; undefined where there is none.
 *
 * @param page The address of the page, to which `anchor` is relative.
 * @throws ListError for a field that cannot be read: it may say where the next page is.
 */
export function nextLink(field: string | undefined, page: string): string | undefined {
  if (field === undefined) return undefined
  let next: string | undefined
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(field)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (!/^[\s,]*$/.test(field.slice(at))) {
    const begin = at
    const target = take(TARGET)
    const parameters = new Map<string, string>()
    for (let found = target && take(PARAMETER); found; found = take(PARAMETER)) {
      const [, name, value = ''] = found
      // Later ones do not count (section 3.3).
      if (name !== undefined && !parameters.has(name.toLowerCase()))
        parameters.set(name.toLowerCase(), unquoted(value))
    }
    const relations = parameters.get('rel')?.trim().toLowerCase().split(/\s+/) ?? []
    if (target === null || take(END) === null || !relations.every((relation) => RELATION.test(relation)))
      throw new ListError(REPLICA_REASONS.badLink, field.slice(begin).trim().slice(0, MAX_SHOWN))
    if (relations.includes('next') && isAbout(page, parameters.get('anchor'))) next ??= target[1]
  }
  return next
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value
}

/** Returns whether a link is about the page itself, and not about what its `anchor` names (section 3.2). */
function isAbout(page: string, anchor: string | undefined): boolean {
  return anchor === undefined || (URL.canParse(anchor, page) && new URL(anchor, page).href === page)
}

/** Follows from page to page within one origin. */
export class Pages {
  readonly #origin: string
  readonly #seen = new Set<string>()
  #current: URL

  /** @param path Path and query of the first page, with the endpoint's prefix. */
  constructor(origin: string, path: string) {
    this.#origin = origin
    this.#current = new URL(origin + path)
    this.#seen.add(pathOf(this.#current))
  }

  /** The address of the page that is read. */
  get address(): string {
    return this.#current.href
  }

  /**
   * Goes to the next page.
   *
   * @param address As the service wrote it; null, '' or undefined where there is none.
   * @returns Its path and query; undefined when this was the last one.
   * @throws ListError for an address that must not be asked.
   */
  next(address: unknown): string | undefined {
    if (address === undefined || address === null || address === '') return undefined
    if (typeof address !== 'string' || !URL.canParse(address, this.#current.href))
      throw new ListError(REPLICA_REASONS.foreignPage)
    const url = new URL(address, this.#current)
    if (url.origin !== this.#origin) throw new ListError(REPLICA_REASONS.foreignPage)
    const path = pathOf(url)
    if (this.#seen.has(path)) throw new ListError(REPLICA_REASONS.pageCircle)
    if (this.#seen.size === MAX_PAGES) throw new ListError(REPLICA_REASONS.tooManyPages)
    this.#seen.add(path)
    this.#current = url
    return path
  }
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search
}
