/**
 * The request of one table at one endpoint, ready to be filled in with a key. Pure.
 *
 * The URL is the endpoint's path plus the template, joined as text: `new URL(path, base)` would
 * drop the endpoint's path and resolve `..`.
 */
import { ATTRIBUTE, type Attributes } from '../../../core/attributes.ts'
import { type KeyPartName, keyPart } from '../../../core/key/key-parts.ts'
import { isAttribute, type Template } from '../../../core/value/template.ts'
import type { RequestSettings } from '../settings.ts'
import { AUTH_HTTP, authHttpFields } from './auth-http.ts'
import { escapeHeader, escapePathLiteral, escapeUrl, headerBytes } from './escape.ts'
import { JsonTemplate } from './json-template.ts'
import { hasDotPart, hasPathInDomain } from './path-pieces.ts'
import {
  BATCH_LIST_NAMES,
  BATCH_NAMES,
  compileTemplate,
  isKeys,
  mapLiterals,
  REQUEST_JSON_NAMES,
  REQUEST_NAMES,
} from './places.ts'
import { NO_FIELDS } from './request-fields.ts'

/** A request, except for the connection it goes over. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query, as they go over the wire. */
  readonly path: string
  /** Lower-case names; values of Latin-1 characters. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** The key cannot be put into the request, since it lacks a part or would leave its place: nothing is asked, it is not found. */
interface Suppressed {
  readonly suppressed: string
}

/** A parameter or form field: `name=` encoded, and its value. */
interface Field {
  readonly prefix: string
  readonly value: Template
}

/** What is between two slashes of the path. */
interface Segment {
  readonly template: Template
  /** The text around the places; undefined where there is no place. */
  readonly literals: string | undefined
  /** The attributes in it. */
  readonly attributes: readonly string[]
}

/** Where the texts of the placeholders come from. */
interface Source {
  /** '' for a batch. */
  readonly key: string
  readonly textOf: (name: string) => string | undefined
  readonly keys: readonly string[]
  readonly attributes: Attributes | undefined
}

export class RequestTemplate {
  readonly #method: 'GET' | 'POST'
  readonly #segments: readonly Segment[]
  /** What is behind a literal `?` of the path, and the parameters. */
  readonly #parameters: readonly Field[]
  readonly #headers: readonly { readonly name: string; readonly value: Template }[]
  /** `attributes` for all of them. */
  readonly #form: readonly Field[] | 'attributes' | undefined
  /** The login is asked about in header fields. */
  readonly #isAuthHttp: boolean
  readonly #json: JsonTemplate | undefined
  readonly #contentType: string | undefined

  /** @throws TypeError for a text that is no template: the configuration was not checked. */
  constructor(settings: RequestSettings, options: { readonly batch?: boolean } = {}) {
    const isBatch = options.batch === true
    const one = (text: string): Template => compileTemplate(text, isBatch ? BATCH_NAMES : REQUEST_NAMES)
    const list = (text: string): Template => compileTemplate(text, isBatch ? BATCH_LIST_NAMES : REQUEST_NAMES)
    const json = (text: string): Template =>
      compileTemplate(text, isBatch ? BATCH_LIST_NAMES : REQUEST_JSON_NAMES)
    const [path = '', ...queries] = settings.path.split('?')
    this.#method = settings.method
    this.#segments = path
      .replace(/^\//, '')
      .split('/')
      .map((segment) => segmentOf(mapLiterals(one(segment), escapePathLiteral)))
    this.#parameters = [
      ...(queries.length === 0
        ? []
        : [{ prefix: '', value: mapLiterals(one(queries.join('?')), escapePathLiteral) }]),
      ...fields(settings.query, list),
    ]
    this.#headers = Array.from(settings.headers, ([name, text]) => ({
      name: name.toLowerCase(),
      value: one(text),
    }))
    const { form } = settings
    this.#isAuthHttp = form === AUTH_HTTP
    if (form !== AUTH_HTTP) this.#form = typeof form === 'string' ? 'attributes' : form && fields(form, list)
    this.#json = settings.json === undefined ? undefined : new JsonTemplate(settings.json, json)
    this.#contentType =
      this.#json !== undefined
        ? 'application/json'
        : this.#form !== undefined
          ? 'application/x-www-form-urlencoded'
          : undefined
  }

  /** Fills in one key, and what the client said besides it. */
  build(
    key: string,
    table: string,
    pathPrefix: string,
    attributes: Attributes | undefined = undefined,
  ): HttpRequest | Suppressed {
    const textOf = (name: string): string | undefined =>
      isAttribute(name)
        ? (attributes?.get(name.slice(ATTRIBUTE.length)) ?? '')
        : keyPart(name as KeyPartName, key, table)
    return this.#build({ key, textOf, keys: [], attributes }, pathPrefix)
  }

  /** Fills in many keys, where the settings were those of a batch. */
  buildMany(keys: readonly string[], table: string, pathPrefix: string): HttpRequest | Suppressed {
    const textOf = (name: string): string | undefined => (name === 'table' ? table : undefined)
    return this.#build({ key: '', textOf, keys, attributes: undefined }, pathPrefix)
  }

  #build(source: Source, pathPrefix: string): HttpRequest | Suppressed {
    const path = this.#path(source, pathPrefix)
    if (path === undefined) return suppressed('request.path')
    if (typeof path !== 'string') return path
    const query = urlEncoded(this.#parameters, source)
    if (query === undefined) return suppressed('request.query')
    const headers = this.#renderHeaders(source)
    if (headers === undefined) return suppressed('request.headers')
    const body =
      this.#json?.render(source.textOf, source.keys, source.attributes?.shown) ?? this.#renderForm(source)
    if (body === undefined && this.#contentType !== undefined) return suppressed('the request body')
    return { method: this.#method, path: query === '' ? path : `${path}?${query}`, headers, body }
  }

  /** Undefined when the key lacks a part; a part of a key is never empty. */
  #path(source: Source, pathPrefix: string): string | Suppressed | undefined {
    let path = pathPrefix
    for (const { template, literals, attributes } of this.#segments) {
      const text = template.render(source.textOf, escapeUrl)
      if (text === undefined) return undefined
      const filled = attributes.length === 0 ? source.key : attributes.map(source.textOf).join('')
      if (literals !== undefined && hasDotPart(text, literals, filled)) return DOT_PART
      if (literals !== undefined && hasSlashInName(source, attributes)) {
        return attributes.length === 0 ? PATH_IN_DOMAIN : PATH_IN_ATTRIBUTE
      }
      // Without it the path is that of another resource, such as the list of all.
      if (text === '' && attributes.length > 0) return EMPTY_PART
      path += `/${text}`
    }
    return path
  }

  #renderHeaders(source: Source): Readonly<Record<string, string>> | undefined {
    if (this.#contentType === undefined && this.#headers.length === 0 && !this.#isAuthHttp) return NO_FIELDS
    const headers: Record<string, string> =
      this.#contentType === undefined ? {} : { 'content-type': this.#contentType }
    if (this.#isAuthHttp) Object.assign(headers, authHttpFields(source.attributes))
    for (const { name, value } of this.#headers) {
      const text = value.render(source.textOf, escapeHeader)
      if (text === undefined) return undefined
      headers[name] = headerBytes(text)
    }
    return headers
  }

  #renderForm(source: Source): string | undefined {
    if (this.#form === 'attributes') {
      const shown = Object.entries(source.attributes?.shown ?? {})
      return shown.map(([name, value]) => `${escapeUrl(name)}=${escapeUrl(value)}`).join('&')
    }
    return this.#form && urlEncoded(this.#form, source)
  }
}

function segmentOf(template: Template): Segment {
  const literals = template.parts.filter((part) => typeof part === 'string')
  return {
    template,
    literals: template.names.size === 0 ? undefined : literals.join(''),
    attributes: [...template.names].filter(isAttribute),
  }
}

/** `a=1&b=2`; a value that is `{keys}` alone repeats its name for each key. */
function urlEncoded(list: readonly Field[], source: Source): string | undefined {
  const rendered: string[] = []
  for (const { prefix, value } of list) {
    if (isKeys(value)) {
      for (const key of source.keys) rendered.push(prefix + escapeUrl(key))
      continue
    }
    const text = value.render(source.textOf, escapeUrl)
    if (text === undefined) return undefined
    rendered.push(prefix + text)
  }
  return rendered.join('&')
}

function fields(settings: ReadonlyMap<string, string>, compile: (text: string) => Template): Field[] {
  return Array.from(settings, ([name, text]) => ({
    prefix: `${escapeUrl(name)}=`,
    value: mapLiterals(compile(text), escapeUrl),
  }))
}

const DOT_PART: Suppressed = {
  suppressed: 'the key has a part that a proxy may read as another path: ".", "..", or no name at all',
}

const PATH_IN_DOMAIN: Suppressed = {
  suppressed: 'the key has a "/" or "\\" outside of a local part, which a proxy may read as another path',
}

const PATH_IN_ATTRIBUTE: Suppressed = {
  suppressed:
    'an attribute in the path has a "/" or "\\" outside of a local part, which a proxy may read as another path; send it in "query" or "json"',
}

/** Each attribute by itself: an address may be before a HELO name. */
function hasSlashInName({ key, textOf }: Source, attributes: readonly string[]): boolean {
  if (attributes.length === 0) return hasPathInDomain(key)
  return attributes.some((name) => hasPathInDomain(textOf(name) ?? ''))
}

const EMPTY_PART: Suppressed = { suppressed: 'an attribute that is all of a part of the path is empty' }

function suppressed(where: string): Suppressed {
  return { suppressed: `the key lacks a part that ${where} needs` }
}
