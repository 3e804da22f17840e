/**
 * Domains that lookup keys are compared with. A spelling that no key can have makes a filter that never
 * matches, and everything it filters "not found": so it becomes the usual one, or is refused.
 *
 * Sources: RFC 1035 section 2.3 (letter case, 63 characters a label, 253 a name), RFC 5321 section
 * 4.1.2 (no dot at the end of a domain in mail), RFC 5890 section 2.3.2 (one domain, two spellings).
 */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import type { Schema } from '../../schema/schema.ts'
import { parsed } from '../../schema/values.ts'

/** Source: RFC 1035 section 2.3.4. */
const MAX_NAME_CHARS = 253

/** Source: RFC 1035 section 2.3.4. */
const MAX_LABEL_CHARS = 63

const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/

/** `user@[192.0.2.1]`: the domain of an address literal (RFC 5321 section 4.1.3). */
const LITERAL = /^\[(?:ipv6:)?([^\]\s]+)\]$/i

/** A domain of a filter: `example.com`, or `.example.com` for its subdomains. Decodes to all its spellings. */
export function filterDomain(): Schema<string, readonly string[]> {
  return parsed({
    syntax: (text, shown) => {
      if (isIPv4(text) || isIPv6(text)) {
        return `${shown} is an address, and keys that are addresses are always asked; remove it`
      }
      if (isLiteral(text) || isName(spellingsOf(text).at(-1) ?? '')) return undefined
      return `${shown} is not a domain; write example.com, or .example.com for its subdomains`
    },
    stopgap: 'localhost',
    decode: spellingsOf,
  })
}

/** A domain of this machine's: no subdomains. */
export function localDomain(): Schema<string, readonly string[]> {
  return parsed({
    syntax: (text) =>
      isLiteral(text) || (!text.startsWith('.') && isName(spellingsOf(text).at(-1) ?? ''))
        ? undefined
        : 'is not a domain; write it as in example.com',
    stopgap: 'localhost',
    decode: spellingsOf,
  })
}

/**
 * The spellings that a key may have, the one of ASCII last: Postfix hands on a domain as the client
 * wrote it, in Unicode or as an A-label.
 */
function spellingsOf(text: string): readonly string[] {
  const name = text.toLowerCase().normalize('NFC').replace(/\.$/, '')
  if (/^[\x00-\x7f]*$/.test(name)) return [name]
  const dot = name.startsWith('.') ? '.' : ''
  const ascii = domainToASCII(name.slice(dot.length))
  return [name, `${dot}${ascii}`]
}

/** With the dot that stands for subdomains, or without. */
function isName(name: string): boolean {
  const labels = name.replace(/^\./, '').split('.')
  return name.length <= MAX_NAME_CHARS && labels.every(isLabel)
}

function isLabel(label: string): boolean {
  if (label.length > MAX_LABEL_CHARS || !LABEL.test(label)) return false
  // An A-label that is no Punycode stands for no name (RFC 5890 section 2.3.2.1).
  return !label.startsWith('xn--') || domainToASCII(label) === label
}

function isLiteral(text: string): boolean {
  const address = LITERAL.exec(text)?.[1]
  return address !== undefined && (isIPv4(address) || isIPv6(address))
}
