/**
 * Values that nothing selects out of a reply: a whole body, or a whole result of a batch. Pure.
 *
 * A service that has no value may send the number of its status, a mark for "nothing", or a field with its name. As a target
 * of mail each of them loses the mail, and as an action of access(5) a bare `404` or `0` is OK: that page takes every result
 * of digits alone for one. A service that means them literally says where they stand, by `response.value`.
 *
 * | used as | in doubt |
 * | --- | --- |
 * | all but `any` and tls | words for nothing (`unknown`, `n/a`), signs alone (`-`) |
 * | addresses | a number of up to three digits, with a point or a date; `name=value` |
 * | addresses, transport, relayhost, access | `y`, `n`, `t`, `f`, `on`, `off` |
 * | transport | an address behind a colon |
 * | access | `0`, and three digits of an HTTP status; `1` and times such as pop-before-smtp writes are OK |
 * | existence | 400 to 599, numbers below 0 |
 * | unknown | `0` and numbers below; another number may be that of a user (virtual_uid_maps) |
 */
import { isMeantBy, type ValueUse } from './value-use.ts'

/** What people and programs write where they have nothing. */
const NOTHING =
  /^[([<"']?(?:unknown|unset|undefined|undef|nil|nul|null|void|nan|inf|end|missing|absent|blank|empty|redacted|todo|tbd|fixme|changeme|nxdomain|servfail|e[45]\d\d|na|n\.a\.?|n\/a)[)\]>"'.]?$/i

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

const DOUBTFUL: Readonly<Record<ValueUse, (value: string) => boolean>> = {
  any: () => false,
  tls: () => false,
  unknown: (value) => /^(?:0+|-\d+)$/.test(value) || SIGNS.test(value) || NOTHING.test(value),
  existence: (value) => /^(?:[45]\d\d|-\d+)$/.test(value) || SIGNS.test(value) || NOTHING.test(value),
  transport: (value) => NO_NEXT_HOP.test(value) || SWITCH.test(value) || NOTHING.test(value),
  relayhost: (value) => SIGNS.test(value) || SWITCH.test(value) || NOTHING.test(value),
  access: (value) => /^(?:0+|[1-5]\d\d)$/.test(value) || SWITCH.test(value) || NOTHING.test(value),
  addresses: (value) => FIELD.test(value) || value.split(/[\s,]+/).some(isNoName),
}

/**
 * Returns whether Postfix can mean a value by one of the uses.
 *
 * @param isBare Nothing selects it.
 */
export function isMeant(value: string, uses: readonly ValueUse[], isBare: boolean): boolean {
  if (!isBare) return isMeantBy(value, uses)
  return uses.some((use) => isMeantBy(value, [use]) && !DOUBTFUL[use](value))
}

function isNoName(word: string): boolean {
  return (
    word !== '' &&
    (word === 'none' || AMOUNT.test(word) || SWITCH.test(word) || SIGNS.test(word) || NOTHING.test(word))
  )
}
