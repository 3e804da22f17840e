/**
 * Values that nothing selects out of a reply: a whole body, or a whole result of a batch. Pure.
 *
 * A service that has no value may send the number of its status, a mark for "nothing", or a field with its name. As a target
 * of mail each of them loses the mail, and as an action of access(5) a bare `404` or `0` is OK: that page takes every result
 * of digits alone for one. A service that means them literally says where they are, by `response.value`.
 *
 * | used as | in doubt |
 * | --- | --- |
 * | all but `any` and tls | words for nothing (`unknown`, `n/a`) or for a state (`disabled`), signs alone (`-`) |
 * | addresses | a number of up to three digits, with a point, `0x1f`, `1e5` or a date; `name=value`; an action of access(5) |
 * | addresses, access, existence, unknown | a word or number that says how it went, beside an address; an address without a domain |
 * | addresses, transport, relayhost, access | `y`, `n`, `t`, `f`, `on`, `off` |
 * | transport | an address behind a colon, a time |
 * | access | `0`, and three digits of an HTTP status; `1` and times such as pop-before-smtp writes are OK |
 * | existence | 400 to 599, `0` and numbers below |
 * | unknown | `0` and numbers below; another number may be that of a user (virtual_uid_maps) |
 */
import { plainSpelling } from './failure-text.ts'
import { isMeantBy, type ValueUse } from './value-use.ts'

/** What people and programs write where they have nothing. */
const NOTHING =
  /^[([<"']?(?:unknown|unset|undefined|undef|nil|nul|null|void|nan|inf|end|missing|absent|blank|empty|nothing|redacted|placeholder|todo|tbd|fixme|changeme|nxdomain|nxuser|servfail|(?:e(?:rr)?[_-]?)?not[_-]?found|no[_-]?(?:such[_-]?)?(?:user|alias|address|entry|key|domain|mailbox)|e[45]\d\d|na|n\.a\.?|n\/a)[)\]>"'.]?$/i

/** What became of something: a mailbox of which a service says no more is none that takes mail for certain. */
const STATE =
  /^(?:deleted|removed|disabled|deactivated|suspended|expired|locked|inactive|blocked|banned|closed|revoked|terminated|gone|pending|queued|loading|busy)$/i

/** A "yes" or "no" of a program; where a table only says "there is one", `existence` reads them. */
const SWITCH = /^(?:[yntf]|on|off)$/i

/** But for `:`, which transport(5) knows. */
const SIGNS = /^[^\p{L}\p{N}:]+$/u

/** Also as Redis writes it: `$-1`. */
const AMOUNT = /^[$*:]?[-+]?(?:\d{1,3}|\d+[.-][\d.-]*)$/

/** One `=` behind a name. Rewritten senders have more of them: `SRS0=ab=cd=d.example=ann@b.example`. */
const FIELD = /^[a-z][\w-]*=[^=]*$/i

/** An address behind a name, as in `goto:ann@b.example`; the transports that only give a text may have one. */
const NO_NEXT_HOP = /^(?!error|retry|discard)[\w.-]+:[^\s@]*@/i

/** A number of a program. */
const OF_PROGRAM = /^(?:0x[\da-f]+|\d+(?:\.\d+)?e[-+]?\d+)$/i

/** An action of access(5) alone, which is no name. `info` and `hold` in lower case may be. */
const ACTION = /^(?:reject|dunno|permit|defer(?:_if_(?:permit|reject))?|discard)$/i
const ACTION_IN_CAPITALS = /^(?:HOLD|INFO|WARN|FILTER|PREPEND|REDIRECT|BCC)$/

/** A word or number that says how it went, beside the address. */
const REPORTED_ADDRESS =
  /^(?:ok|okay|found|success|hit|match|yes|true|[0-3]?\d{1,2})[\s,:]{1,4}[^\s@,:]*@[^\s@]+$|^[^\s@]+@[^\s@]+\s+(?:ok|okay|found|success|[0-3]?\d{1,2})$/i

/** Without a domain, or with an empty label in it. */
const BROKEN_ADDRESS = /^[^\s@/]+@(?:$|\.|[^\s@]*\.\.)/

/** A time or a date; no transport has digits alone for a name. */
const TIME = /^[\d-]+(?:T\d\d)?:\d/

const isNothing = (value: string): boolean => NOTHING.test(value) || STATE.test(value)

const DOUBTFUL: Readonly<Record<ValueUse, (value: string) => boolean>> = {
  any: () => false,
  tls: () => false,
  unknown: (value) =>
    /^(?:0+(?:\.0+)?|-\d+)$/.test(value) || SIGNS.test(value) || isNothing(value) || isBrokenAddress(value),
  existence: (value) =>
    /^(?:[45]\d\d|0+(?:\.0+)?|-\d+)$/.test(value) ||
    SIGNS.test(value) ||
    isNothing(value) ||
    isBrokenAddress(value),
  transport: (value) => NO_NEXT_HOP.test(value) || TIME.test(value) || SWITCH.test(value) || isNothing(value),
  relayhost: (value) => SIGNS.test(value) || SWITCH.test(value) || isNothing(value),
  access: (value) =>
    /^(?:0+|[1-5]\d\d)$/.test(value) ||
    SWITCH.test(value) ||
    isNothing(value) ||
    REPORTED_ADDRESS.test(value),
  addresses: (value) => FIELD.test(value) || isBrokenAddress(value) || value.split(/[\s,]+/).some(isNoName),
}

/**
 * Returns whether Postfix can mean a value by one of the uses.
 *
 * @param isBare Nothing selects it.
 */
export function isMeant(value: string, uses: readonly ValueUse[], isBare: boolean): boolean {
  if (!isBare) return isMeantBy(value, uses)
  const spelling = plainSpelling(value)
  return uses.some((use) => isMeantBy(value, [use]) && !DOUBTFUL[use](spelling))
}

function isBrokenAddress(value: string): boolean {
  return REPORTED_ADDRESS.test(value) || BROKEN_ADDRESS.test(value)
}

function isNoName(word: string): boolean {
  if (word === '') return false
  if (word === 'none' || ACTION.test(word) || ACTION_IN_CAPITALS.test(word) || BROKEN_ADDRESS.test(word))
    return true
  return (
    AMOUNT.test(word) || OF_PROGRAM.test(word) || SWITCH.test(word) || SIGNS.test(word) || isNothing(word)
  )
}
