/**
 * What may be shown of a text that goes to a service as it is: words that services use in their routes and
 * parameters, the names of the file's own tables and upstreams, small numbers, and the places for what a client
 * asks. Everything else may be a secret, whatever it is called, and is not shown.
 */

/** Words of routes, parameters and their values, as HTTP services of mail systems have them. */
const PLAIN: ReadonlySet<string> = new Set(
  `access account accounts action active actor address addresses admin alias aliases all and any api app apps array
  as asc attribute attributes auth authorize batch bcc body bulk by canonical catchall check class client clients collector
  collection command company config count create cursor data db default delete desc destination directory disabled
  domain domains email emails enabled entries entry enum env exact exists false field fields filter find first folder
  for format forward forwards forwarding from full generic get goto graphql group groups healthz helo host hosts http
  https id ids in index info integer ip is item items json kind label labels last ldap limit list lists local localpart
  locate login lookup lookups mail mailbox mailboxes mailer maildrop mailing mails main map maps match me member members
  method mode mx name names network no none not null object objects of off offset on one op operation or order org
  organisation organisations organization organizations owner owners page param parameters path people person policy
  port post postfix postmaster prefix private probe production profile program protocol proxy public purpose put q
  queries query raw read realm recipient recipients redirect relay relays relayhost request resolve resource resources
  response rest result results role roles route routes routing rpc rule rules run search select sender senders server
  service services size smtp sort source staging static status string subdomain suffix system table tables target
  tenant tenants test text to transport transports true type uid unit unix url user username users v value values
  version view virtual web where with x xml yes`.split(/\s+/),
)

/** A place such as `{key}`, or a brace that stands for itself. */
const PLACE = /(\{[\w.]*\}|\{\{|\}\})/

/** Letters in a row, as `mailBoxes` and `mail-boxes` have two of them, and digits in a row. */
const WORDS = /[A-Z]?[\p{Ll}\p{Lo}\p{M}]+|\p{Lu}+(?!\p{Ll})|\p{N}+|\p{L}+/gu

/** Most digits of a number that is shown: a version, a limit, a year. Ours: five can be a PIN. */
const MAX_DIGITS = 4

/** Most signs side by side in a plain text. Ours: no secret is made of so few alone. */
const MAX_SIGNS_TOGETHER = 4
const SIGNS = new RegExp(`[^\\p{L}\\p{N}\\p{M}\\s]{${MAX_SIGNS_TOGETHER + 1},}`, 'u')

/** Most words in one plain text. Ours: more of them can be a passphrase. */
const MAX_WORDS = 6

/** Decides what of a text may be shown. */
export class PlainWords {
  readonly #names = new Set<string>()

  /** @param names Of the file's own tables and upstreams: they are no secrets, metrics have them. */
  constructor(names: Iterable<string>) {
    for (const name of names) for (const word of wordsOf(name)) this.#names.add(word)
  }

  /** Returns whether a text is made of nothing but plain words, small numbers and a few signs. */
  isPlain(text: string): boolean {
    const words = wordsOf(text)
    return words.length <= MAX_WORDS && !SIGNS.test(text) && words.every((word) => this.#isPlainWord(word))
  }

  /** The text with its places as they are; `replace` is called with every other piece that is not plain. */
  replace(text: string, replace: (piece: string) => string): string {
    const pieces = text.split(PLACE)
    // Every second one is a place.
    return pieces.map((piece, at) => (at % 2 === 1 || this.isPlain(piece) ? piece : replace(piece))).join('')
  }

  #isPlainWord(word: string): boolean {
    if (/^\p{N}/u.test(word)) return word.length <= MAX_DIGITS
    return PLAIN.has(word) || this.#names.has(word)
  }
}

/** Returns whether a number is small enough to be shown. */
export function isPlainNumber(number: number): boolean {
  return Math.abs(number) < 10 ** MAX_DIGITS
}

function wordsOf(text: string): readonly string[] {
  return Array.from(text.matchAll(WORDS), ([word]) => word.toLowerCase())
}
