/**
 * Whole bodies that begin like an action of access(5) and are the page of another server. Pure.
 *
 * | a body such as | is |
 * | --- | --- |
 * | `502 Bad Gateway`, `500 Internal Server Error`: a code that SMTP has not for it, and no enhanced code behind | a page |
 * | `451 Unavailable For Legal Reasons`, `421 Misdirected Request`: the words of HTTP for a code of both | a page |
 * | `OK, it works`, `OK I am alive`, `DUNNO yet`: a text behind a word that takes none | a page |
 * | `Hold on, maintenance`, `Discard this page`: written as a sentence begins | a page |
 * | `REJECT not here`, `reject not here`, `450 4.7.1 later`, `550 not here` | an action |
 *
 * Where the service names a place for its action, or a mark of its own, nothing of this is looked at.
 */

/**
 * Codes by which SMTP refuses or defers somebody. Sources: RFC 5321 section 4.2.2, RFC 7504 (521), RFC 3463's older use (571).
 */
const SMTP_CODE = /^(?:421|45[0-5]|521|55[0-9]|571)$/

/** RFC 3463 section 2. */
const ENHANCED_CODE = /^[45]\.[0-9]{1,3}\.[0-9]{1,3}(?:\s|$)/

/** Reason phrases of the codes that HTTP servers have, too. Sources: RFC 9110, RFC 7725; Microsoft (450), Cloudflare (521). */
const HTTP_PHRASE =
  /^(?:misdirected request|unavailable for legal reasons|blocked by windows parental controls|web server is down)\b/i

/** Words behind which a text is none of the action. */
const WITHOUT_TEXT = /^(?:OK|RELAY|PERMIT|DUNNO|HANGUP)[,;.!]?$/i

/** A word that is neither in capital letters nor in small ones. */
const SENTENCE_START = /^[A-Z][a-z]+$/

/** Mail is lost or kept back by them, and in small letters they may begin any sentence. */
const OF_LOSS = /^(?:hold|discard)$/

/** @param body Without blanks around it. */
export function isPageLikeAction(body: string): boolean {
  const [, word = '', text = ''] = /^(\S+)\s*(.*)$/s.exec(body) ?? []
  if (text === '') return false
  if (/^[45][0-9][0-9]$/.test(word)) {
    if (ENHANCED_CODE.test(text)) return false
    return !SMTP_CODE.test(word) || HTTP_PHRASE.test(text)
  }
  return WITHOUT_TEXT.test(word) || SENTENCE_START.test(word) || OF_LOSS.test(word)
}
