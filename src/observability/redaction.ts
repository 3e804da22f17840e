/**
 * Hides secrets in everything that leaves the program as text: log lines, answers of the admin
 * API, events. What is a secret is decided by the configuration (`Config.secrets`).
 *
 * The last line of defence: no text should hold a secret in the first place, but an error of a
 * library may quote a header, and a service may send one back.
 */
import { MIN_HIDDEN_CHARACTERS } from '../core/settings/secret-length.ts'

/** What is where a secret was. Source: docs/configuration.md. */
const HIDDEN = '***'

/** A sign in JSON that is written otherwise. Source: RFC 8259 section 7. */
const JSON_ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))/g

const SHORT_ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** A JSON string literal, and the colon that makes it a property name. */
const JSON_STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g

/** Knows the secrets of the configuration in use; they change on reload. */
export class Redactor {
  #needles: readonly string[] = []
  #configured: readonly string[] = []
  /** By owner: what the program got by itself, the latest last. */
  readonly #own = new Map<string, readonly string[]>()

  constructor(secrets: Iterable<string> = []) {
    this.setSecrets(secrets)
  }

  /** Replaces what is hidden. Called on start and on every reload. */
  setSecrets(secrets: Iterable<string>): void {
    this.#configured = [...secrets]
    this.#compile()
  }

  /** Hides what the program got by itself, such as an access token; the one before of the same owner stays hidden, too. */
  addSecret(owner: string, secret: string): void {
    const before = this.#own.get(owner)?.at(-1)
    this.#own.set(owner, before === undefined ? [secret] : [before, secret])
    this.#compile()
  }

  #compile(): void {
    const needles = new Set<string>()
    for (const secret of [...this.#configured, ...[...this.#own.values()].flat()]) {
      if (secret.length < MIN_HIDDEN_CHARACTERS) continue
      for (const form of formsOf(secret)) needles.add(form)
    }
    // The longest first: a secret that contains another one is hidden whole.
    this.#needles = [...needles].sort((a, b) => b.length - a.length)
  }

  /** Hides every secret in a text. */
  text(text: string): string {
    let redacted = text
    for (const needle of this.#needles) {
      if (redacted.includes(needle)) redacted = redacted.replaceAll(needle, HIDDEN)
    }
    return redacted
  }

  /** Hides every secret in a text that another program made, also where signs of it are escaped as JSON allows. */
  foreign(text: string): string {
    const { plain, starts } = unescaped(text)
    if (starts === undefined) return this.text(text)
    const isHidden = new Uint8Array(text.length)
    for (const needle of this.#needles)
      for (let at = plain.indexOf(needle); at !== -1; at = plain.indexOf(needle, at + 1))
        isHidden.fill(1, starts[at], starts[at + needle.length])
    let redacted = ''
    for (let at = 0; at < text.length; at++) {
      if (isHidden[at] === 0) redacted += text[at]
      else if (isHidden[at - 1] !== 1) redacted += HIDDEN
    }
    return this.text(redacted)
  }

  /**
   * Hides every secret in the string values of serialised JSON. Property names are ours and stay,
   * so what was valid JSON is so afterwards.
   */
  json(json: string): string {
    if (!this.#needles.some((needle) => json.includes(needle))) return json
    return json.replace(JSON_STRING, (literal, colon) => (colon === undefined ? this.text(literal) : literal))
  }
}

/** A text without its escapes, and where each of its signs begins in the text; no `starts` where there are none. */
function unescaped(text: string): { readonly plain: string; readonly starts?: readonly number[] } {
  if (!text.includes('\\')) return { plain: text }
  let plain = ''
  const starts: number[] = []
  let end = 0
  const copy = (to: number): void => {
    for (; end < to; end++) starts.push(end)
  }
  for (const match of text.matchAll(JSON_ESCAPE)) {
    plain += text.slice(end, match.index)
    copy(match.index)
    const [whole, hex, short = ''] = match
    plain +=
      hex === undefined ? (SHORT_ESCAPES[short] ?? short) : String.fromCharCode(Number.parseInt(hex, 16))
    starts.push(match.index)
    end = match.index + whole.length
  }
  plain += text.slice(end)
  copy(text.length)
  starts.push(text.length)
  return { plain, starts }
}

/** A secret as it is in plain text, in JSON, in a URL and in base64 (basic authentication). */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    // Through bytes, because a lone surrogate would make it throw.
    encodeURIComponent(bytes.toString()),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ]
}
