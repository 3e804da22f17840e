/**
 * Where the local parts are in a text of addresses, such as the result of an alias lookup.
 *
 * Reads the text as Postfix's tok822_parse(3) does: commas, semicolons and plain spaces stand
 * between addresses, `@`, `.` and `:` join what is on both sides of them, comments count for
 * nothing, and words before `<address>` are a display name.
 */

/** A local part: the text from `start` up to `end`. Empty for `@domain`. */
interface LocalPart {
  readonly start: number
  readonly end: number
}

const UNSET = -1
const WORD_ENDS = ' \t\r\n(<>,;@"'

/** Finds the local part of every address, in order. Never throws, whatever the text is. */
export function localParts(text: string): readonly LocalPart[] {
  const scanner = new AddressScanner(text)
  scanner.scan()
  return scanner.found
}

class AddressScanner {
  readonly found: LocalPart[] = []
  readonly #text: string
  /** Local parts from here on may turn out to be a display name. */
  #phrase = 0
  /** First character of the address that is read. */
  #start = UNSET
  /** After its last word. */
  #wordEnd = UNSET
  /** After the last word before its last `@`. */
  #localEnd = UNSET
  /** True after `@`, `.` or `:`, where the next word belongs to the same address. */
  #joins = false

  constructor(text: string) {
    this.#text = text
  }

  scan(): void {
    const text = this.#text
    let i = 0
    while (i < text.length) i = this.#step(text.charAt(i), i)
    this.#finish()
  }

  /** Reads one token. Returns the index after it. */
  #step(character: string, i: number): number {
    switch (character) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        return i + 1
      case '(':
        return endOfComment(this.#text, i)
      case ',':
      case ';':
      case '>':
        this.#finish()
        this.#phrase = this.found.length
        return i + 1
      case '<':
        this.#forgetPhrase()
        return i + 1
      case '@':
        return this.#at(i)
      case '"':
        return this.#word(i, endOfQuote(this.#text, i))
      default:
        return this.#word(i, endOfWord(this.#text, i))
    }
  }

  #at(i: number): number {
    if (this.#start === UNSET) {
      this.#start = i
      this.#wordEnd = i
    }
    this.#localEnd = this.#wordEnd
    this.#joins = true
    return i + 1
  }

  #word(start: number, end: number): number {
    if (!this.#joins && !isJoint(this.#text.charAt(start))) this.#finish()
    if (this.#start === UNSET) this.#start = start
    this.#wordEnd = end
    this.#joins = isJoint(this.#text.charAt(end - 1))
    return end
  }

  #finish(): void {
    if (this.#start !== UNSET) {
      const end = this.#localEnd === UNSET ? this.#endOfUser() : this.#localEnd
      this.found.push({ start: this.#start, end })
    }
    this.#reset()
  }

  /** A bare user ends with its word, or where its domain begins in the old form `user%domain`. */
  #endOfUser(): number {
    if (this.#text.charAt(this.#wordEnd - 1) === '"') return this.#wordEnd
    const percent = this.#text.lastIndexOf('%', this.#wordEnd - 1)
    return percent > this.#start ? percent : this.#wordEnd
  }

  #forgetPhrase(): void {
    this.found.length = this.#phrase
    this.#reset()
  }

  #reset(): void {
    this.#start = UNSET
    this.#wordEnd = UNSET
    this.#localEnd = UNSET
    this.#joins = false
  }
}

function isJoint(character: string): boolean {
  return character === '.' || character === ':'
}

function endOfWord(text: string, from: number): number {
  let i = from + 1
  for (; i < text.length && !WORD_ENDS.includes(text.charAt(i)); i++) if (text.charAt(i) === '\\') i++
  return Math.min(i, text.length)
}

function endOfQuote(text: string, from: number): number {
  let i = from + 1
  for (; i < text.length && text.charAt(i) !== '"'; i++) if (text.charAt(i) === '\\') i++
  return Math.min(i + 1, text.length)
}

/** Comments may be in comments. One without an end goes to the end of the text. */
function endOfComment(text: string, from: number): number {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '\\') i++
    else if (character === '(') depth++
    else if (character === ')' && --depth === 0) return i + 1
  }
  return text.length
}
